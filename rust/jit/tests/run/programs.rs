//! Programs made at random, the same ones every time.

use std::fmt::Write;

/// A module whose function `run` takes an i32, an i64, an i32 and an i64 and returns an i64.
pub struct Program {
    pub wat: String,
    pub args: Vec<[u64; 4]>,
}

struct Random(u64);

impl Random {
    fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % below
    }

    fn choose<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        list[self.next(list.len() as u64) as usize]
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Ty {
    I32,
    I64,
}

struct Maker {
    random: Random,
    text: String,
    locals: Vec<Ty>,
    /// Locals from here on count loops.
    counters: usize,
    loops: usize,
    /// Functions that may be called.
    functions: usize,
    /// Whether there is one of several results, `$many`.
    many: bool,
}

const SAME: [&str; 10] = ["add", "sub", "mul", "and", "or", "xor", "shl", "shr_u", "shr_s", "rotl"];
const TRAPPING: [&str; 4] = ["div_s", "div_u", "rem_s", "rem_u"];
const COMPARE: [&str; 10] = ["eq", "ne", "lt_s", "lt_u", "gt_s", "gt_u", "le_s", "le_u", "ge_s", "ge_u"];
const NUMBERS: [i64; 14] =
    [0, 1, -1, 2, 8, 31, 255, 256, 4095, 65_535, 0x7FFF_FFFF, -0x8000_0000, 0x1234_5678, 77];

impl Maker {
    fn name(ty: Ty) -> &'static str {
        match ty {
            Ty::I32 => "i32",
            Ty::I64 => "i64",
        }
    }

    fn local(&mut self, ty: Ty) -> Option<usize> {
        let all: Vec<usize> = (0..self.counters).filter(|&at| self.locals[at] == ty).collect();
        (!all.is_empty()).then(|| all[self.random.next(all.len() as u64) as usize])
    }

    /// An address that mostly lies inside of the memory.
    fn address(&mut self, depth: u32) -> String {
        let inner = self.expression(Ty::I32, depth);
        format!("(i32.and {inner} (i32.const 0xfff8))")
    }

    fn expression(&mut self, ty: Ty, depth: u32) -> String {
        let t = Maker::name(ty);
        if depth == 0 || self.random.next(6) == 0 {
            return match self.local(ty) {
                Some(local) if self.random.next(4) > 0 => format!("(local.get {local})"),
                _ => {
                    let mut number = NUMBERS[self.random.next(NUMBERS.len() as u64) as usize];
                    if ty == Ty::I64 && self.random.next(3) == 0 {
                        number = number.wrapping_mul(0x1_0000_0001);
                    }
                    format!("({t}.const {number})")
                }
            };
        }
        let depth = depth - 1;
        match self.random.next(25) {
            0..=8 => {
                let op = self.random.choose(&SAME);
                format!("({t}.{op} {} {})", self.expression(ty, depth), self.expression(ty, depth))
            }
            9 if ty == Ty::I32 => {
                let op = self.random.choose(&TRAPPING);
                let divisor = self.expression(ty, depth);
                format!("({t}.{op} {} ({t}.or {divisor} ({t}.const 1)))", self.expression(ty, depth))
            }
            10 | 11 if ty == Ty::I32 => {
                let of = if self.random.next(2) == 0 { Ty::I32 } else { Ty::I64 };
                let op = self.random.choose(&COMPARE);
                let of_name = Maker::name(of);
                format!("({of_name}.{op} {} {})", self.expression(of, depth), self.expression(of, depth))
            }
            12 if ty == Ty::I32 => format!("(i32.wrap_i64 {})", self.expression(Ty::I64, depth)),
            10..=12 => {
                let op = self.random.choose(&["extend_i32_s", "extend_i32_u"]);
                format!("(i64.{op} {})", self.expression(Ty::I32, depth))
            }
            13 => {
                let op = self.random.choose(&["clz", "ctz", "popcnt", "extend8_s", "extend16_s"]);
                format!("({t}.{op} {})", self.expression(ty, depth))
            }
            14 => format!("({t}.load offset={} {})", self.random.next(3) * 4, self.address(depth)),
            15 => {
                let op = self.random.choose(&["load8_s", "load8_u", "load16_s", "load16_u"]);
                format!("({t}.{op} offset={} {})", self.random.next(12), self.address(depth))
            }
            16 => {
                let (a, b) = (self.expression(ty, depth), self.expression(ty, depth));
                format!("(select {a} {b} {})", self.expression(Ty::I32, depth))
            }
            17 => match self.local(ty) {
                Some(local) => format!("(local.tee {local} {})", self.expression(ty, depth)),
                None => format!("({t}.const 3)"),
            },
            18 => format!(
                "(if (result {t}) {} (then {}) (else {}))",
                self.expression(Ty::I32, depth),
                self.expression(ty, depth),
                self.expression(ty, depth)
            ),
            19 if self.functions > 0 => {
                let function = self.random.next(self.functions as u64);
                let call = self.call(&format!("f{function}"), depth);
                if ty == Ty::I64 { call } else { format!("(i32.wrap_i64 {call})") }
            }
            20 if ty == Ty::I32 => format!(
                "(call $add {} {})",
                self.expression(Ty::I32, depth / 2),
                self.expression(Ty::I32, depth / 2)
            ),
            21 => {
                let dropped = self.dropped(depth);
                format!("(block (result {t}) {dropped} {})", self.expression(ty, depth))
            }
            22 => {
                let (dropped, first) = (self.dropped(depth / 2), self.two(depth));
                let (condition, second) = (self.expression(Ty::I32, depth / 2), self.two(depth));
                let values = format!("{dropped} {first} (br_if 0 {condition}) drop drop {second}");
                one(ty, &format!("(block (result i64 i32) {values})"))
            }
            23 if self.many => one(ty, &format!("(drop {})", self.call("many", depth))),
            _ if ty == Ty::I32 => format!("(i32.eqz {})", self.expression(Ty::I32, depth)),
            _ => {
                let global = "(global.get $g)";
                format!("(i64.xor {global} {})", self.expression(Ty::I64, depth))
            }
        }
    }

    fn call(&mut self, function: &str, depth: u32) -> String {
        let args = [Ty::I32, Ty::I64, Ty::I32, Ty::I64].map(|ty| self.expression(ty, depth / 2));
        format!("(call ${function} {})", args.join(" "))
    }

    /// Values that nobody wants, of one word or of either size: others come where they were.
    fn dropped(&mut self, depth: u32) -> String {
        let (count, words) = (1 + self.random.next(5) as usize, self.random.next(2) == 0);
        let mut text = String::new();
        for _ in 0..count {
            let ty = if words || self.random.next(2) == 0 { Ty::I32 } else { Ty::I64 };
            text += &self.expression(ty, depth.max(1));
        }
        text + &" drop".repeat(count)
    }

    /// An i64 and an i32, often just locals or constants, which get their places only where they have to be in them.
    fn two(&mut self, depth: u32) -> String {
        let depth = if self.random.next(2) == 0 { 0 } else { depth / 2 };
        format!("{} {}", self.expression(Ty::I64, depth), self.expression(Ty::I32, depth))
    }

    fn statement(&mut self, depth: u32) {
        let ty = if self.random.next(3) == 0 { Ty::I64 } else { Ty::I32 };
        match self.random.next(12) {
            0..=5 => {
                if let Some(local) = self.local(ty) {
                    let value = self.expression(ty, 4);
                    writeln!(self.text, "(local.set {local} {value})").unwrap();
                }
            }
            6 => {
                let (address, value) = (self.address(2), self.expression(ty, 3));
                let op = match ty {
                    Ty::I32 => self.random.choose(&["i32.store", "i32.store8", "i32.store16"]),
                    Ty::I64 => self.random.choose(&["i64.store", "i64.store8", "i64.store16", "i64.store32"]),
                };
                let offset = self.random.next(8);
                writeln!(self.text, "({op} offset={offset} {address} {value})").unwrap();
            }
            7 => {
                let value = self.expression(Ty::I64, 3);
                writeln!(self.text, "(global.set $g {value})").unwrap();
            }
            8 | 9 if depth > 0 => {
                let condition = self.expression(Ty::I32, 3);
                writeln!(self.text, "(if {condition} (then").unwrap();
                self.statements(depth - 1);
                if self.random.next(2) == 0 {
                    writeln!(self.text, ") (else").unwrap();
                    self.statements(depth - 1);
                }
                writeln!(self.text, "))").unwrap();
            }
            10 if depth > 0 && self.counters + self.loops < self.locals.len() => {
                let counter = self.counters + self.loops;
                self.loops += 1;
                let times = 1 + self.random.next(4);
                writeln!(self.text, "(local.set {counter} (i32.const {times})) (loop").unwrap();
                self.statements(depth - 1);
                writeln!(
                    self.text,
                    "(br_if 0 (local.tee {counter} (i32.sub (local.get {counter}) (i32.const 1)))))"
                )
                .unwrap();
                self.loops -= 1;
            }
            11 if depth > 0 => {
                let index = self.expression(Ty::I32, 2);
                writeln!(self.text, "(block (block (block (br_table 0 1 2 1 {index}))").unwrap();
                self.statements(depth - 1);
                writeln!(self.text, "(br 1))").unwrap();
                self.statements(depth - 1);
                writeln!(self.text, ")").unwrap();
            }
            _ => {
                let condition = self.expression(Ty::I32, 3);
                writeln!(self.text, "(block (br_if 0 {condition})").unwrap();
                if depth > 0 {
                    self.statements(depth - 1);
                }
                writeln!(self.text, ")").unwrap();
            }
        }
    }

    fn statements(&mut self, depth: u32) {
        for _ in 0..1 + self.random.next(4) {
            self.statement(depth);
        }
    }

    fn function(&mut self, header: &str, results: &str) {
        self.locals = vec![Ty::I32, Ty::I64, Ty::I32, Ty::I64];
        let more = self.random.next(14);
        write!(self.text, "(func {header} (param i32 i64 i32 i64) (result {results})").unwrap();
        for _ in 0..more {
            let ty = if self.random.next(3) == 0 { Ty::I64 } else { Ty::I32 };
            self.locals.push(ty);
            write!(self.text, " (local {})", Maker::name(ty)).unwrap();
        }
        self.counters = self.locals.len();
        self.locals.extend([Ty::I32; 4]);
        writeln!(self.text, " (local i32 i32 i32 i32)").unwrap();
        for _ in 0..4 {
            self.statements(3);
        }
        let result = self.expression(Ty::I64, 4);
        let mut all = result;
        for at in 0..self.counters {
            let value = match self.locals[at] {
                Ty::I32 => format!("(i64.extend_i32_u (local.get {at}))"),
                Ty::I64 => format!("(local.get {at})"),
            };
            all = format!("(i64.add (i64.rotl {all} (i64.const 5)) {value})");
        }
        if results != "i64" {
            let (dropped, two, last) = (self.dropped(3), self.two(2), self.expression(Ty::I64, 1));
            all = format!("(global.set $g {all}) {dropped} {two} {last}");
        }
        writeln!(self.text, "{all})").unwrap();
    }
}

/// One value of an i64 and an i32.
fn one(ty: Ty, two: &str) -> String {
    let one = format!("(i64.xor (i64.extend_i32_u {two}))");
    if ty == Ty::I64 { one } else { format!("(i32.wrap_i64 {one})") }
}

pub fn program(seed: u64) -> Program {
    let mut maker = Maker {
        random: Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1),
        text: String::new(),
        locals: Vec::new(),
        counters: 0,
        loops: 0,
        functions: 0,
        many: false,
    };
    for _ in 0..20 {
        maker.random.next(2);
    }
    maker.text += "(module (import \"host\" \"add\" (func $add (param i32 i32) (result i32)))
        (memory 1) (global $g (mut i64) (i64.const 99))\n";
    for at in 0..maker.random.next(3) {
        maker.function(&format!("$f{at}"), "i64");
        maker.functions += 1;
    }
    maker.function("$many", "i64 i32 i64");
    maker.many = true;
    maker.function("(export \"run\")", "i64");
    maker.text += ")";
    let mut args = vec![[0; 4], [u64::MAX >> 32, u64::MAX, 1, 1 << 63]];
    for _ in 0..6 {
        args.push(
            [0xFFFF_FFFF, u64::MAX, 0xFFFF_FFFF, u64::MAX].map(|most| maker.random.next(1 << 52) & most),
        );
    }
    Program { wat: maker.text, args }
}
