//! The instruction set: every instruction, once.
//!
//! Code is an array of bytes. An instruction's first byte is its number; what fields follow is told by its pattern, one letter
//! a field. Nothing is aligned, and numbers have their lowest byte first on every host.
//!
//! | letter | field |
//! |---|---|
//! | `r` | byte: a cell; the first one is the result, if there is one |
//! | `i` | byte: a signed number |
//! | `u` | byte: an unsigned number |
//! | `R` | 16 bits: a cell |
//! | `I` | 16 bits: a signed number |
//! | `U` | 16 bits: an unsigned number |
//! | `T` | 16 bits, the first field: a branch offset, in bytes from the instruction's beginning |
//! | `W` | 32 bits: a number |
//! | `O` | 32 bits: a branch offset, as `T` |
//! | `F` | byte: the fuel of the line that follows, if one does; only where fuel is compiled in |
//!
//! A branch goes to the fuel of a line, takes it, and goes on behind: to an `F`, or to the field of a `fuel`, if what is before does
//! not end in an `F` but comes by. So all that nothing comes by behind has one, unless it is the function's end.
//!
//! Most instructions carry out one WebAssembly operator on cells of the frame. Their names are the operator's,
//! with a suffix: `_i` for a last operand that is a signed byte, `_h` for one of 16 and `_w` for one of 32 bits, `_far` for
//! operands that do not fit the ordinary form. Operators that do the same with the same bits share an instruction.
//! From this table come the numbers, both dispatchers' tables and the disassembler.

/// Calls a macro with the table: name, pattern, feature group without which it is not linked, whether its handler has a
/// dispatch of its own (`fast`) or jumps to a shared one (`small`), because it is rare, or slow anyway, or is in one function with
/// others where it calls one for want of an instruction (`call`), and what carries it out where there are handlers in assembler:
/// these (`asm`, or `float` if floats are linked), or in some cases the portable executor (`rust`).
macro_rules! for_each_instruction {
    ($callback:ident) => {
        $callback! {
            // Leaves the executor: the word that the outermost frame returns to.
            exit "" Mvp fast asm;
            trap "uF" Mvp small rust;
            fuel "u" Mvp fast asm;
            // Looks at the interrupt word; see `encode::poll`.
            poll "" Mvp small asm;
            // An instruction with cells that a byte cannot name; see `exec::wide`.
            wide "uuRRRR" Mvp small rust;

            copy1 "rr" Mvp fast asm;
            copy1_far "RR" Mvp fast asm;
            copy2 "rr" Mvp fast asm;
            copy2_far "RR" Mvp fast asm;
            const1 "ri" Mvp fast asm;
            const1_h "rI" Mvp fast asm;
            const1_w "rW" Mvp fast asm;
            const2 "rI" Mvp fast asm;
            const2_w "rW" Mvp fast asm;
            const2_ww "rWW" Mvp small asm;
            zero "ru" Mvp small asm;
            zero_far "RW" Mvp small rust;
            select1 "rrrr" Mvp fast asm;
            select2 "rrrr" Mvp fast asm;
            global_get1 "ru" Mvp fast asm;
            global_get2 "ru" Mvp fast asm;
            global_set1 "ru" Mvp fast asm;
            global_set2 "ru" Mvp fast asm;
            global_far "ruW" Mvp small rust;
            ref_func "rW" ReferenceTypes small rust;

            jump "TF" Mvp fast asm;
            jump_far "OF" Mvp small asm;
            jump_if "TrF" Mvp fast asm;
            jump_unless "TrF" Mvp fast asm;
            jump_if_far "OuRF" Mvp small rust;
            // Which target is the last, and behind the instruction all of them, as `T` or `O`, and then an `F`.
            jump_table "rU" Mvp fast asm;
            jump_table_far "RW" Mvp small rust;
            // In the order of the comparisons below.
            jump_i32_eq "TrrF" Mvp fast asm;
            jump_i32_ne "TrrF" Mvp fast asm;
            jump_i32_lt_s "TrrF" Mvp fast asm;
            jump_i32_le_s "TrrF" Mvp fast asm;
            jump_i32_lt_u "TrrF" Mvp fast asm;
            jump_i32_le_u "TrrF" Mvp fast asm;
            jump_i32_eq_i "TrIF" Mvp fast asm;
            jump_i32_ne_i "TrIF" Mvp fast asm;
            jump_i32_lt_s_i "TrIF" Mvp fast asm;
            jump_i32_ge_s_i "TrIF" Mvp fast asm;
            jump_i32_lt_u_i "TrIF" Mvp fast asm;
            jump_i32_ge_u_i "TrIF" Mvp fast asm;
            // Adds the number to the first cell, and branches if that is not 0, or not the other cell.
            jump_i32_add_if "TriF" Mvp fast asm;
            jump_i32_add_ne "TrirF" Mvp fast asm;

            call "rU" Mvp fast rust;
            call_import "rU" Mvp fast rust;
            call_indirect "rruU" Mvp fast rust;
            // All other calls: kind, cells, table index and table, function or type, cells of the parameters. Behind one in place of this
            // frame there is an `F`.
            call_rare "uRWWW" Mvp small rust;
            return0 "F" Mvp fast asm;
            return1 "rF" Mvp fast asm;
            return2 "rF" Mvp fast asm;
            // Results of any number, which follow each other.
            return_many "RWF" Mvp small rust;
            builtin "uR" Mvp small rust;
            builtin_w "uRWW" BulkMemory small rust;

            i32_add "rrr" Mvp fast asm;
            i32_sub "rrr" Mvp fast asm;
            i32_mul "rrr" Mvp fast asm;
            i32_div_s "rrr" Mvp small asm;
            i32_div_u "rrr" Mvp small asm;
            i32_rem_s "rrr" Mvp small asm;
            i32_rem_u "rrr" Mvp small asm;
            i32_and "rrr" Mvp fast asm;
            i32_or "rrr" Mvp fast asm;
            i32_xor "rrr" Mvp fast asm;
            i32_shl "rrr" Mvp fast asm;
            i32_shr_s "rrr" Mvp fast asm;
            i32_shr_u "rrr" Mvp fast asm;
            i32_rotl "rrr" Mvp small asm;
            i32_rotr "rrr" Mvp small asm;
            i32_add_i "rri" Mvp fast asm;
            // Adds eight times the number.
            i32_add_8i "rri" Mvp fast asm;
            i32_mul_i "rri" Mvp fast asm;
            i32_and_i "rri" Mvp fast asm;
            i32_or_i "rri" Mvp fast asm;
            i32_xor_i "rri" Mvp fast asm;
            i32_shl_i "rri" Mvp fast asm;
            i32_shr_s_i "rri" Mvp fast asm;
            i32_shr_u_i "rri" Mvp fast asm;
            i32_rotr_i "rri" Mvp fast asm;
            // Sets so many high bits to 0.
            i32_mask "rru" Mvp fast asm;
            i32_add_h "rrI" Mvp fast asm;
            i32_add_w "rrW" Mvp fast asm;
            i32_mul_w "rrW" Mvp small asm;
            i32_and_w "rrW" Mvp fast asm;
            i32_or_w "rrW" Mvp small asm;
            i32_xor_w "rrW" Mvp fast asm;
            // In pairs of opposites, if `le` has its operands swapped.
            i32_eq "rrr" Mvp fast asm;
            i32_ne "rrr" Mvp fast asm;
            i32_lt_s "rrr" Mvp fast asm;
            i32_le_s "rrr" Mvp fast asm;
            i32_lt_u "rrr" Mvp fast asm;
            i32_le_u "rrr" Mvp fast asm;
            i32_eq_i "rri" Mvp fast asm;
            i32_ne_i "rri" Mvp fast asm;
            i32_lt_s_i "rri" Mvp fast asm;
            i32_ge_s_i "rri" Mvp fast asm;
            i32_lt_u_i "rri" Mvp fast asm;
            i32_ge_u_i "rri" Mvp fast asm;

            i64_add "rrr" Mvp fast asm;
            i64_sub "rrr" Mvp fast asm;
            i64_mul "rrr" Mvp fast asm;
            i64_div_s "rrr" Mvp call asm;
            i64_div_u "rrr" Mvp call asm;
            i64_rem_s "rrr" Mvp call asm;
            i64_rem_u "rrr" Mvp call asm;
            i64_and "rrr" Mvp fast asm;
            i64_or "rrr" Mvp fast asm;
            i64_xor "rrr" Mvp fast asm;
            i64_shl "rrr" Mvp small asm;
            i64_shr_s "rrr" Mvp small asm;
            i64_shr_u "rrr" Mvp small asm;
            i64_rotl "rrr" Mvp small asm;
            i64_rotr "rrr" Mvp small asm;
            i64_add_i "rri" Mvp fast asm;
            i64_and_i "rri" Mvp fast asm;
            // The number's upper half is 0.
            i64_and_w "rrW" Mvp fast asm;
            i64_mask "rru" Mvp fast asm;
            i64_shl_i "rri" Mvp fast asm;
            i64_shr_s_i "rri" Mvp fast asm;
            i64_shr_u_i "rri" Mvp fast asm;
            // In the order of those of 32 bits.
            i64_eq "rrr" Mvp small asm;
            i64_ne "rrr" Mvp small asm;
            i64_lt_s "rrr" Mvp small asm;
            i64_le_s "rrr" Mvp small asm;
            i64_lt_u "rrr" Mvp small asm;
            i64_le_u "rrr" Mvp small asm;

            // Unary operators that are worth an instruction of their own; all others are `unary`, whose last
            // byte is the operator's number in the operator table.
            i32_clz "rr" Mvp small asm;
            i32_ctz "rr" Mvp small asm;
            i32_extend8_s "rr" Mvp fast asm;
            i32_extend16_s "rr" Mvp fast asm;
            i64_eqz "rr" Mvp small asm;
            i64_extend_i32_s "rr" Mvp fast asm;
            i64_extend_i32_u "rr" Mvp fast asm;
            f32_abs "rr" Float fast float;
            f32_neg "rr" Float fast float;
            f32_convert_i32_s "rr" Float call float;
            f32_convert_i32_u "rr" Float call float;
            f32_demote_f64 "rr" Float call float;
            f64_abs "rr" Float small float;
            f64_neg "rr" Float small float;
            f64_convert_i32_s "rr" Float call float;
            f64_convert_i32_u "rr" Float call float;
            f64_promote_f32 "rr" Float call float;
            unary "rru" Mvp small rust;

            f32_add "rrr" Float fast float;
            f32_sub "rrr" Float fast float;
            f32_mul "rrr" Float fast float;
            f32_div "rrr" Float call float;
            f32_min "rrr" Float call float;
            f32_max "rrr" Float call float;
            f32_copysign "rrr" Float small float;
            f32_eq "rrr" Float call float;
            f32_ne "rrr" Float call float;
            f32_lt "rrr" Float call float;
            f32_le "rrr" Float call float;
            f64_add "rrr" Float small float;
            f64_sub "rrr" Float small float;
            f64_mul "rrr" Float small float;
            f64_div "rrr" Float call float;
            f64_min "rrr" Float call float;
            f64_max "rrr" Float call float;
            f64_copysign "rrr" Float small float;
            f64_eq "rrr" Float call float;
            f64_ne "rrr" Float call float;
            f64_lt "rrr" Float call float;
            f64_le "rrr" Float call float;

            // The byte is the offset divided by the width of the access, unless that is 64 bits.
            i32_load "rru" Mvp fast asm;
            i32_load8_s "rru" Mvp fast asm;
            i32_load8_u "rru" Mvp fast asm;
            i32_load16_s "rru" Mvp fast asm;
            i32_load16_u "rru" Mvp fast asm;
            i64_load "rru" Mvp fast asm;
            i32_load_w "rrW" Mvp fast asm;
            i32_load8_s_w "rrW" Mvp small asm;
            i32_load8_u_w "rrW" Mvp fast asm;
            i32_load16_s_w "rrW" Mvp small asm;
            i32_load16_u_w "rrW" Mvp small asm;
            i64_load_w "rrW" Mvp small asm;
            // The address is the cell, shifted left by the byte, plus the number.
            i32_load_at "rruW" Mvp fast asm;
            i32_load8_u_at "rruW" Mvp fast asm;
            i32_load16_s_at "rruW" Mvp fast asm;
            i32_load16_u_at "rruW" Mvp fast asm;
            // The address is the sum of two cells and the number.
            i32_load_sum "rrrW" Mvp fast asm;
            i32_load16_s_sum "rrrW" Mvp fast asm;
            // The address is the number; of stores, the cell is the value.
            i32_load_abs "rU" Mvp fast asm;
            i32_load8_u_abs "rU" Mvp fast asm;
            i32_load16_u_abs "rU" Mvp fast asm;
            i32_store_abs "rU" Mvp fast asm;
            i32_store8_abs "rU" Mvp fast asm;
            i32_store16_abs "rU" Mvp fast asm;
            // Address, value, offset.
            i32_store "rru" Mvp fast asm;
            i32_store8 "rru" Mvp fast asm;
            i32_store16 "rru" Mvp fast asm;
            i64_store "rru" Mvp fast asm;
            i32_store_w "rrW" Mvp small asm;
            i32_store8_w "rrW" Mvp small asm;
            i32_store16_w "rrW" Mvp small asm;
            i64_store_w "rrW" Mvp small asm;
            // Address, value, offset: the value is a signed number.
            i32_store_i "riu" Mvp small asm;
            i32_store8_i "riu" Mvp small asm;
            i32_store16_i "riu" Mvp small asm;
            i64_store_i "riu" Mvp small asm;
        }
    };
}
pub(crate) use for_each_instruction;

macro_rules! codes {
    ($( $name:ident $pattern:literal $feature:ident $end:ident $by:ident; )*) => {
        /// An instruction's number.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u8)]
        #[allow(non_camel_case_types)]
        pub(crate) enum Code { $( $name, )* }

        const ALL: &[Code] = &[$( Code::$name, )*];

        impl Code {
            /// The instruction with this number. Code comes from the encoder, so an unknown one is `trap`. Not from a table: it is
            /// the number, which the compiler sees.
            pub(crate) fn of(number: u8) -> Code {
                match number {
                    $( n if n == Code::$name as u8 => Code::$name, )*
                    _ => Code::trap,
                }
            }

            /// How many bytes it has. Of `wide`, those before the ordinary instruction.
            pub(crate) const fn bytes(self) -> usize {
                const BYTES: [u8; ALL.len()] = [$( bytes($pattern), )*];
                BYTES[self as usize] as usize
            }
        }

        #[cfg(any(test, feature = "disassembler"))]
        impl Code {
            /// Name, and pattern of its fields.
            pub(crate) fn text(self) -> (&'static str, &'static str) {
                match self { $( Code::$name => (stringify!($name), $pattern), )* }
            }
        }
    };
}
for_each_instruction!(codes);

/// How many bytes an instruction with this pattern has.
pub(crate) const fn bytes(pattern: &str) -> u8 {
    let (mut bytes, mut i) = (1, 0);
    while i < pattern.len() {
        bytes += field_bytes(pattern.as_bytes()[i]);
        i += 1;
    }
    bytes
}

/// Whether there are fields `F`.
pub(crate) const FUEL: bool = cfg!(feature = "fuel");

/// How many bytes a field has.
pub(crate) const fn field_bytes(letter: u8) -> u8 {
    match letter {
        b'W' | b'O' => 4,
        b'R' | b'I' | b'U' | b'T' => 2,
        b'F' => FUEL as u8,
        _ => 1,
    }
}

impl Code {
    /// The instruction with this number, if there is one. Of a run, the first.
    #[cfg(any(test, feature = "disassembler"))]
    pub(crate) fn known(number: u8) -> Option<Code> {
        #[cfg(all(runs, not(debug_assertions)))]
        let number = crate::runs::parted(number);
        ALL.get(usize::from(number)).copied()
    }

    /// What follows its own `bytes`: how many targets, how many bytes each has, and how many the fuel of the line that follows.
    #[cfg(any(test, feature = "disassembler", all(runs, not(debug_assertions))))]
    pub(crate) fn more(self, bytes: &[u8]) -> (usize, usize, usize) {
        match (self, bytes) {
            (Code::jump_table, &[_, _, a, b]) => {
                (usize::from(u16::from_le_bytes([a, b])) + 1, 2, FUEL.into())
            }
            (Code::jump_table_far, &[_, _, _, a, b, c, d]) => {
                (u32::from_le_bytes([a, b, c, d]) as usize + 1, 4, FUEL.into())
            }
            (Code::call_rare, &[_, kind, ..]) if u32::from(kind) & Rare::TAIL != 0 => (0, 0, FUEL.into()),
            _ => (0, 0, 0),
        }
    }

    /// All, in the order of their numbers.
    #[cfg(test)]
    pub(crate) const ALL: &[Code] = ALL;

    /// How many there are.
    #[cfg(all(runs, not(debug_assertions)))]
    pub(crate) const COUNT: usize = ALL.len();
}

/// What a `wide` instruction says; made by the encoder, read by `exec::wide`.
///
/// Its bytes are the shape and how many bytes the ordinary instruction has, then the cells of the result and of the first to
/// third source. Then comes the ordinary instruction, which names the [`CELLS`](Wide::CELLS) of a small frame instead. The shape
/// has two bits for each: how many cells it takes, 0 if there is none.
pub(crate) struct Wide {
    shape: u32,
    cells: [u32; 4],
    sources: usize,
}

impl Wide {
    /// Cells that the instruction names: for the result, and the first to third source.
    pub(crate) const CELLS: [u8; 4] = [0, 2, 4, 6];

    /// Nothing yet.
    pub(crate) fn new() -> Wide {
        Wide { shape: 0, cells: [0; 4], sources: 0 }
    }

    /// Adds the result; returns the cell that the instruction is to name.
    pub(crate) fn result(&mut self, cell: u32, cells: u32) -> u32 {
        self.set(0, cell, cells)
    }

    /// Adds a source.
    pub(crate) fn source(&mut self, cell: u32, cells: u32) -> u32 {
        self.sources += 1;
        self.set(self.sources, cell, cells)
    }

    fn set(&mut self, i: usize, cell: u32, cells: u32) -> u32 {
        self.cells[i & 3] = cell;
        self.shape |= cells << (2 * i);
        u32::from(Wide::CELLS[i & 3])
    }

    /// The shape; the cells of the result and the first source, and those of the others.
    pub(crate) fn parts(&self) -> (u32, [u32; 2]) {
        let [result, first, second, third] = self.cells;
        (self.shape, [result | first << 16, second | third << 16])
    }
}

/// What `global_far` does.
pub(crate) struct GlobalFar;

impl GlobalFar {
    /// Sets the global.
    pub(crate) const SET: u32 = 1;
    /// It takes two cells.
    pub(crate) const TWO: u32 = 2;
    /// The number is that of an imported global.
    pub(crate) const IMPORT: u32 = 4;
}

/// What `call_rare` calls.
pub(crate) struct Rare;

impl Rare {
    /// One of the module's own functions.
    pub(crate) const OWN: u32 = 0;
    /// An imported function.
    pub(crate) const IMPORT: u32 = 1;
    /// A function in a table.
    pub(crate) const INDIRECT: u32 = 2;
    /// In place of this frame.
    pub(crate) const TAIL: u32 = 4;
}
