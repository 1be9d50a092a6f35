//! The operator table: every operator that wasmote knows, once.
//!
//! One row an operator: its opcode (`0xFCnn` behind the prefix byte 0xFC), its name here and in the text format,
//! its operand and result types, whether it may trap, and the feature group that it belongs to
//! (WebAssembly Core, 5.4). Everything else is derived: the decoder, the validation rule of all operators
//! in the four regular classes, and the enums that each sink matches exhaustively, so that a new row breaks
//! the build until every sink handles it.

use crate::vm::Builtin;
use crate::{Feature, ValType};

/// Calls a macro with the whole table.
#[macro_export]
macro_rules! for_each_op {
    ($callback:ident) => {
        $callback! {
            // One operand, one result.
            unary {
                0x45 I32Eqz "i32.eqz": I32 -> I32, pure, Mvp;
                0x50 I64Eqz "i64.eqz": I64 -> I32, pure, Mvp;
                0x67 I32Clz "i32.clz": I32 -> I32, pure, Mvp;
                0x68 I32Ctz "i32.ctz": I32 -> I32, pure, Mvp;
                0x69 I32Popcnt "i32.popcnt": I32 -> I32, pure, Mvp;
                0x79 I64Clz "i64.clz": I64 -> I64, pure, Mvp;
                0x7A I64Ctz "i64.ctz": I64 -> I64, pure, Mvp;
                0x7B I64Popcnt "i64.popcnt": I64 -> I64, pure, Mvp;
                0x8B F32Abs "f32.abs": F32 -> F32, pure, Float;
                0x8C F32Neg "f32.neg": F32 -> F32, pure, Float;
                0x8D F32Ceil "f32.ceil": F32 -> F32, pure, Float;
                0x8E F32Floor "f32.floor": F32 -> F32, pure, Float;
                0x8F F32Trunc "f32.trunc": F32 -> F32, pure, Float;
                0x90 F32Nearest "f32.nearest": F32 -> F32, pure, Float;
                0x91 F32Sqrt "f32.sqrt": F32 -> F32, pure, Float;
                0x99 F64Abs "f64.abs": F64 -> F64, pure, Float;
                0x9A F64Neg "f64.neg": F64 -> F64, pure, Float;
                0x9B F64Ceil "f64.ceil": F64 -> F64, pure, Float;
                0x9C F64Floor "f64.floor": F64 -> F64, pure, Float;
                0x9D F64Trunc "f64.trunc": F64 -> F64, pure, Float;
                0x9E F64Nearest "f64.nearest": F64 -> F64, pure, Float;
                0x9F F64Sqrt "f64.sqrt": F64 -> F64, pure, Float;
                0xA7 I32WrapI64 "i32.wrap_i64": I64 -> I32, pure, Mvp;
                0xA8 I32TruncF32S "i32.trunc_f32_s": F32 -> I32, traps, Float;
                0xA9 I32TruncF32U "i32.trunc_f32_u": F32 -> I32, traps, Float;
                0xAA I32TruncF64S "i32.trunc_f64_s": F64 -> I32, traps, Float;
                0xAB I32TruncF64U "i32.trunc_f64_u": F64 -> I32, traps, Float;
                0xAC I64ExtendI32S "i64.extend_i32_s": I32 -> I64, pure, Mvp;
                0xAD I64ExtendI32U "i64.extend_i32_u": I32 -> I64, pure, Mvp;
                0xAE I64TruncF32S "i64.trunc_f32_s": F32 -> I64, traps, Float;
                0xAF I64TruncF32U "i64.trunc_f32_u": F32 -> I64, traps, Float;
                0xB0 I64TruncF64S "i64.trunc_f64_s": F64 -> I64, traps, Float;
                0xB1 I64TruncF64U "i64.trunc_f64_u": F64 -> I64, traps, Float;
                0xB2 F32ConvertI32S "f32.convert_i32_s": I32 -> F32, pure, Float;
                0xB3 F32ConvertI32U "f32.convert_i32_u": I32 -> F32, pure, Float;
                0xB4 F32ConvertI64S "f32.convert_i64_s": I64 -> F32, pure, Float;
                0xB5 F32ConvertI64U "f32.convert_i64_u": I64 -> F32, pure, Float;
                0xB6 F32DemoteF64 "f32.demote_f64": F64 -> F32, pure, Float;
                0xB7 F64ConvertI32S "f64.convert_i32_s": I32 -> F64, pure, Float;
                0xB8 F64ConvertI32U "f64.convert_i32_u": I32 -> F64, pure, Float;
                0xB9 F64ConvertI64S "f64.convert_i64_s": I64 -> F64, pure, Float;
                0xBA F64ConvertI64U "f64.convert_i64_u": I64 -> F64, pure, Float;
                0xBB F64PromoteF32 "f64.promote_f32": F32 -> F64, pure, Float;
                0xC0 I32Extend8S "i32.extend8_s": I32 -> I32, pure, SignExtension;
                0xC1 I32Extend16S "i32.extend16_s": I32 -> I32, pure, SignExtension;
                0xC2 I64Extend8S "i64.extend8_s": I64 -> I64, pure, SignExtension;
                0xC3 I64Extend16S "i64.extend16_s": I64 -> I64, pure, SignExtension;
                0xC4 I64Extend32S "i64.extend32_s": I64 -> I64, pure, SignExtension;
                0xFC00 I32TruncSatF32S "i32.trunc_sat_f32_s": F32 -> I32, pure, SaturatingFloat;
                0xFC01 I32TruncSatF32U "i32.trunc_sat_f32_u": F32 -> I32, pure, SaturatingFloat;
                0xFC02 I32TruncSatF64S "i32.trunc_sat_f64_s": F64 -> I32, pure, SaturatingFloat;
                0xFC03 I32TruncSatF64U "i32.trunc_sat_f64_u": F64 -> I32, pure, SaturatingFloat;
                0xFC04 I64TruncSatF32S "i64.trunc_sat_f32_s": F32 -> I64, pure, SaturatingFloat;
                0xFC05 I64TruncSatF32U "i64.trunc_sat_f32_u": F32 -> I64, pure, SaturatingFloat;
                0xFC06 I64TruncSatF64S "i64.trunc_sat_f64_s": F64 -> I64, pure, SaturatingFloat;
                0xFC07 I64TruncSatF64U "i64.trunc_sat_f64_u": F64 -> I64, pure, SaturatingFloat;
            }
            // Two operands of one type, one result.
            binary {
                0x46 I32Eq "i32.eq": I32 -> I32, pure, Mvp;
                0x47 I32Ne "i32.ne": I32 -> I32, pure, Mvp;
                0x48 I32LtS "i32.lt_s": I32 -> I32, pure, Mvp;
                0x49 I32LtU "i32.lt_u": I32 -> I32, pure, Mvp;
                0x4A I32GtS "i32.gt_s": I32 -> I32, pure, Mvp;
                0x4B I32GtU "i32.gt_u": I32 -> I32, pure, Mvp;
                0x4C I32LeS "i32.le_s": I32 -> I32, pure, Mvp;
                0x4D I32LeU "i32.le_u": I32 -> I32, pure, Mvp;
                0x4E I32GeS "i32.ge_s": I32 -> I32, pure, Mvp;
                0x4F I32GeU "i32.ge_u": I32 -> I32, pure, Mvp;
                0x51 I64Eq "i64.eq": I64 -> I32, pure, Mvp;
                0x52 I64Ne "i64.ne": I64 -> I32, pure, Mvp;
                0x53 I64LtS "i64.lt_s": I64 -> I32, pure, Mvp;
                0x54 I64LtU "i64.lt_u": I64 -> I32, pure, Mvp;
                0x55 I64GtS "i64.gt_s": I64 -> I32, pure, Mvp;
                0x56 I64GtU "i64.gt_u": I64 -> I32, pure, Mvp;
                0x57 I64LeS "i64.le_s": I64 -> I32, pure, Mvp;
                0x58 I64LeU "i64.le_u": I64 -> I32, pure, Mvp;
                0x59 I64GeS "i64.ge_s": I64 -> I32, pure, Mvp;
                0x5A I64GeU "i64.ge_u": I64 -> I32, pure, Mvp;
                0x5B F32Eq "f32.eq": F32 -> I32, pure, Float;
                0x5C F32Ne "f32.ne": F32 -> I32, pure, Float;
                0x5D F32Lt "f32.lt": F32 -> I32, pure, Float;
                0x5E F32Gt "f32.gt": F32 -> I32, pure, Float;
                0x5F F32Le "f32.le": F32 -> I32, pure, Float;
                0x60 F32Ge "f32.ge": F32 -> I32, pure, Float;
                0x61 F64Eq "f64.eq": F64 -> I32, pure, Float;
                0x62 F64Ne "f64.ne": F64 -> I32, pure, Float;
                0x63 F64Lt "f64.lt": F64 -> I32, pure, Float;
                0x64 F64Gt "f64.gt": F64 -> I32, pure, Float;
                0x65 F64Le "f64.le": F64 -> I32, pure, Float;
                0x66 F64Ge "f64.ge": F64 -> I32, pure, Float;
                0x6A I32Add "i32.add": I32 -> I32, pure, Mvp;
                0x6B I32Sub "i32.sub": I32 -> I32, pure, Mvp;
                0x6C I32Mul "i32.mul": I32 -> I32, pure, Mvp;
                0x6D I32DivS "i32.div_s": I32 -> I32, traps, Mvp;
                0x6E I32DivU "i32.div_u": I32 -> I32, traps, Mvp;
                0x6F I32RemS "i32.rem_s": I32 -> I32, traps, Mvp;
                0x70 I32RemU "i32.rem_u": I32 -> I32, traps, Mvp;
                0x71 I32And "i32.and": I32 -> I32, pure, Mvp;
                0x72 I32Or "i32.or": I32 -> I32, pure, Mvp;
                0x73 I32Xor "i32.xor": I32 -> I32, pure, Mvp;
                0x74 I32Shl "i32.shl": I32 -> I32, pure, Mvp;
                0x75 I32ShrS "i32.shr_s": I32 -> I32, pure, Mvp;
                0x76 I32ShrU "i32.shr_u": I32 -> I32, pure, Mvp;
                0x77 I32Rotl "i32.rotl": I32 -> I32, pure, Mvp;
                0x78 I32Rotr "i32.rotr": I32 -> I32, pure, Mvp;
                0x7C I64Add "i64.add": I64 -> I64, pure, Mvp;
                0x7D I64Sub "i64.sub": I64 -> I64, pure, Mvp;
                0x7E I64Mul "i64.mul": I64 -> I64, pure, Mvp;
                0x7F I64DivS "i64.div_s": I64 -> I64, traps, Mvp;
                0x80 I64DivU "i64.div_u": I64 -> I64, traps, Mvp;
                0x81 I64RemS "i64.rem_s": I64 -> I64, traps, Mvp;
                0x82 I64RemU "i64.rem_u": I64 -> I64, traps, Mvp;
                0x83 I64And "i64.and": I64 -> I64, pure, Mvp;
                0x84 I64Or "i64.or": I64 -> I64, pure, Mvp;
                0x85 I64Xor "i64.xor": I64 -> I64, pure, Mvp;
                0x86 I64Shl "i64.shl": I64 -> I64, pure, Mvp;
                0x87 I64ShrS "i64.shr_s": I64 -> I64, pure, Mvp;
                0x88 I64ShrU "i64.shr_u": I64 -> I64, pure, Mvp;
                0x89 I64Rotl "i64.rotl": I64 -> I64, pure, Mvp;
                0x8A I64Rotr "i64.rotr": I64 -> I64, pure, Mvp;
                0x92 F32Add "f32.add": F32 -> F32, pure, Float;
                0x93 F32Sub "f32.sub": F32 -> F32, pure, Float;
                0x94 F32Mul "f32.mul": F32 -> F32, pure, Float;
                0x95 F32Div "f32.div": F32 -> F32, pure, Float;
                0x96 F32Min "f32.min": F32 -> F32, pure, Float;
                0x97 F32Max "f32.max": F32 -> F32, pure, Float;
                0x98 F32Copysign "f32.copysign": F32 -> F32, pure, Float;
                0xA0 F64Add "f64.add": F64 -> F64, pure, Float;
                0xA1 F64Sub "f64.sub": F64 -> F64, pure, Float;
                0xA2 F64Mul "f64.mul": F64 -> F64, pure, Float;
                0xA3 F64Div "f64.div": F64 -> F64, pure, Float;
                0xA4 F64Min "f64.min": F64 -> F64, pure, Float;
                0xA5 F64Max "f64.max": F64 -> F64, pure, Float;
                0xA6 F64Copysign "f64.copysign": F64 -> F64, pure, Float;
            }
            // Loads: binary logarithm of the width in bytes, type. All may trap.
            load {
                0x28 I32Load "i32.load": 2, I32, Mvp;
                0x29 I64Load "i64.load": 3, I64, Mvp;
                0x2A F32Load "f32.load": 2, F32, Float;
                0x2B F64Load "f64.load": 3, F64, Float;
                0x2C I32Load8S "i32.load8_s": 0, I32, Mvp;
                0x2D I32Load8U "i32.load8_u": 0, I32, Mvp;
                0x2E I32Load16S "i32.load16_s": 1, I32, Mvp;
                0x2F I32Load16U "i32.load16_u": 1, I32, Mvp;
                0x30 I64Load8S "i64.load8_s": 0, I64, Mvp;
                0x31 I64Load8U "i64.load8_u": 0, I64, Mvp;
                0x32 I64Load16S "i64.load16_s": 1, I64, Mvp;
                0x33 I64Load16U "i64.load16_u": 1, I64, Mvp;
                0x34 I64Load32S "i64.load32_s": 2, I64, Mvp;
                0x35 I64Load32U "i64.load32_u": 2, I64, Mvp;
            }
            store {
                0x36 I32Store "i32.store": 2, I32, Mvp;
                0x37 I64Store "i64.store": 3, I64, Mvp;
                0x38 F32Store "f32.store": 2, F32, Float;
                0x39 F64Store "f64.store": 3, F64, Float;
                0x3A I32Store8 "i32.store8": 0, I32, Mvp;
                0x3B I32Store16 "i32.store16": 1, I32, Mvp;
                0x3C I64Store8 "i64.store8": 0, I64, Mvp;
                0x3D I64Store16 "i64.store16": 1, I64, Mvp;
                0x3E I64Store32 "i64.store32": 2, I64, Mvp;
            }
            // Another type for the same cells: no engine does anything at run time.
            reinterpret {
                0xBC I32ReinterpretF32 "i32.reinterpret_f32": F32 -> I32, Float;
                0xBD I64ReinterpretF64 "i64.reinterpret_f64": F64 -> I64, Float;
                0xBE F32ReinterpretI32 "f32.reinterpret_i32": I32 -> F32, Float;
                0xBF F64ReinterpretI64 "f64.reinterpret_i64": I64 -> F64, Float;
            }
            // Operators with rules of their own.
            special {
                0x00 Unreachable "unreachable": Mvp;
                0x01 Nop "nop": Mvp;
                0x02 Block "block": Mvp;
                0x03 Loop "loop": Mvp;
                0x04 If "if": Mvp;
                0x05 Else "else": Mvp;
                0x0B End "end": Mvp;
                0x0C Br "br": Mvp;
                0x0D BrIf "br_if": Mvp;
                0x0E BrTable "br_table": Mvp;
                0x0F Return "return": Mvp;
                0x10 Call "call": Mvp;
                0x11 CallIndirect "call_indirect": Mvp;
                0x12 ReturnCall "return_call": TailCall;
                0x13 ReturnCallIndirect "return_call_indirect": TailCall;
                0x1A Drop "drop": Mvp;
                0x1B Select "select": Mvp;
                0x1C SelectT "select": ReferenceTypes;
                0x20 LocalGet "local.get": Mvp;
                0x21 LocalSet "local.set": Mvp;
                0x22 LocalTee "local.tee": Mvp;
                0x23 GlobalGet "global.get": Mvp;
                0x24 GlobalSet "global.set": Mvp;
                0x41 I32Const "i32.const": Mvp;
                0x42 I64Const "i64.const": Mvp;
                0x43 F32Const "f32.const": Float;
                0x44 F64Const "f64.const": Float;
                0xD0 RefNull "ref.null": ReferenceTypes;
                0xD1 RefIsNull "ref.is_null": ReferenceTypes;
                0xD2 RefFunc "ref.func": ReferenceTypes;
            }
            // What the runtime carries out, by the name of its builtin.
            builtin {
                0x25 TableGet "table.get": ReferenceTypes;
                0x26 TableSet "table.set": ReferenceTypes;
                0x3F MemorySize "memory.size": Mvp;
                0x40 MemoryGrow "memory.grow": Mvp;
                0xFC08 MemoryInit "memory.init": BulkMemory;
                0xFC09 DataDrop "data.drop": BulkMemory;
                0xFC0A MemoryCopy "memory.copy": BulkMemory;
                0xFC0B MemoryFill "memory.fill": BulkMemory;
                0xFC0C TableInit "table.init": BulkMemory;
                0xFC0D ElemDrop "elem.drop": BulkMemory;
                0xFC0E TableCopy "table.copy": BulkMemory;
                0xFC0F TableGrow "table.grow": ReferenceTypes;
                0xFC10 TableSize "table.size": ReferenceTypes;
                0xFC11 TableFill "table.fill": ReferenceTypes;
            }
        }
    };
}

macro_rules! operators {
    (
        unary { $( $ucode:literal $unary:ident $utext:literal: $ua:ident -> $ur:ident, $ut:ident, $uf:ident; )* }
        binary { $( $bcode:literal $binary:ident $btext:literal: $ba:ident -> $br:ident, $bt:ident, $bf:ident; )* }
        load { $( $lcode:literal $load:ident $ltext:literal: $lw:literal, $lt:ident, $lf:ident; )* }
        store { $( $scode:literal $store:ident $stext:literal: $sw:literal, $st:ident, $sf:ident; )* }
        reinterpret { $( $rcode:literal $reint:ident $rtext:literal: $ra:ident -> $rr:ident, $rf:ident; )* }
        special { $( $pcode:literal $special:ident $ptext:literal: $pf:ident; )* }
        builtin { $( $icode:literal $builtin:ident $itext:literal: $if:ident; )* }
    ) => {
        /// An operator with one operand and one result.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u8)]
        #[allow(missing_docs)]
        pub enum UnaryOp { $( $unary, )* }

        /// An operator with two operands of one type and one result.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u8)]
        #[allow(missing_docs)]
        pub enum BinaryOp { $( $binary, )* }

        /// A load.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u8)]
        #[allow(missing_docs)]
        pub enum LoadOp { $( $load, )* }

        /// A store.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u8)]
        #[allow(missing_docs)]
        pub enum StoreOp { $( $store, )* }

        /// A reinterpretation.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u8)]
        #[allow(missing_docs)]
        pub enum ReinterpretOp { $( $reint, )* }

        /// An operator.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[allow(missing_docs)]
        pub enum Op {
            Unary(UnaryOp),
            Binary(BinaryOp),
            Load(LoadOp),
            Store(StoreOp),
            Reinterpret(ReinterpretOp),
            Builtin(Builtin),
            $( $special, )*
        }

        impl Op {
            /// The operator with this opcode and the feature group that it belongs to, for tables that are made of this one.
            pub const fn find(opcode: u32) -> Option<(Op, Feature)> {
                Some(match opcode {
                    $( $ucode => (Op::Unary(UnaryOp::$unary), Feature::$uf), )*
                    $( $bcode => (Op::Binary(BinaryOp::$binary), Feature::$bf), )*
                    $( $lcode => (Op::Load(LoadOp::$load), Feature::$lf), )*
                    $( $scode => (Op::Store(StoreOp::$store), Feature::$sf), )*
                    $( $rcode => (Op::Reinterpret(ReinterpretOp::$reint), Feature::$rf), )*
                    $( $pcode => (Op::$special, Feature::$pf), )*
                    $( $icode => (Op::Builtin(Builtin::$builtin), Feature::$if), )*
                    _ => return None,
                })
            }

            /// The name in the text format. For tools: no engine needs it.
            pub const fn name(self) -> &'static str {
                match self {
                    Op::Unary(op) => op.name(),
                    Op::Binary(op) => op.name(),
                    Op::Load(op) => op.name(),
                    Op::Store(op) => op.name(),
                    Op::Reinterpret(op) => op.name(),
                    $( Op::$special => $ptext, )*
                    $( Op::Builtin(Builtin::$builtin) => $itext, )*
                    // No operator has it.
                    Op::Builtin(Builtin::Numeric) => "",
                }
            }
        }

        impl ReinterpretOp {
            /// Operand and result type.
            #[inline(always)]
            pub const fn types(self) -> (ValType, ValType) {
                match self { $( ReinterpretOp::$reint => (ValType::$ra, ValType::$rr), )* }
            }
            /// The name in the text format.
            pub const fn name(self) -> &'static str {
                match self { $( ReinterpretOp::$reint => $rtext, )* }
            }
        }

        impl UnaryOp {
            /// How many there are.
            pub const COUNT: usize = UnaryOp::ALL.len();
            /// All of them, by number.
            pub const ALL: &[UnaryOp] = &[$( UnaryOp::$unary, )*];
            /// The one with a number. Not from [`ALL`](UnaryOp::ALL): it is the number, which the compiler sees.
            pub const fn from_number(number: usize) -> Option<UnaryOp> {
                match number {
                    $( n if n == UnaryOp::$unary as usize => Some(UnaryOp::$unary), )*
                    _ => None,
                }
            }
            /// Operand and result type.
            #[inline(always)]
            pub const fn types(self) -> (ValType, ValType) {
                const TYPES: [Numbers; UnaryOp::COUNT] = [$( Numbers::of(ValType::$ua, ValType::$ur), )*];
                TYPES[self as usize].types()
            }
            /// Whether it may trap.
            pub const fn may_trap(self) -> bool {
                match self { $( UnaryOp::$unary => operators!(@traps $ut), )* }
            }
            /// The feature group that it belongs to.
            pub const fn feature(self) -> Feature {
                match self { $( UnaryOp::$unary => Feature::$uf, )* }
            }
            /// The name in the text format.
            pub const fn name(self) -> &'static str {
                match self { $( UnaryOp::$unary => $utext, )* }
            }
        }

        impl BinaryOp {
            /// How many there are.
            pub const COUNT: usize = BinaryOp::ALL.len();
            /// All of them, by number.
            pub const ALL: &[BinaryOp] = &[$( BinaryOp::$binary, )*];
            /// Type of both operands, and of the result.
            #[inline(always)]
            pub const fn types(self) -> (ValType, ValType) {
                const TYPES: [Numbers; BinaryOp::COUNT] = [$( Numbers::of(ValType::$ba, ValType::$br), )*];
                TYPES[self as usize].types()
            }
            /// Whether it may trap.
            pub const fn may_trap(self) -> bool {
                match self { $( BinaryOp::$binary => operators!(@traps $bt), )* }
            }
            /// The feature group that it belongs to.
            pub const fn feature(self) -> Feature {
                match self { $( BinaryOp::$binary => Feature::$bf, )* }
            }
            /// The name in the text format.
            pub const fn name(self) -> &'static str {
                match self { $( BinaryOp::$binary => $btext, )* }
            }
        }

        impl LoadOp {
            /// How many there are.
            pub const COUNT: usize = [$( LoadOp::$load, )*].len();
            /// Binary logarithm of the bytes accessed, which is also the largest alignment allowed.
            pub const fn width_log2(self) -> u8 {
                match self { $( LoadOp::$load => $lw, )* }
            }
            /// Type of the result.
            pub const fn ty(self) -> ValType {
                match self { $( LoadOp::$load => ValType::$lt, )* }
            }
            /// The feature group that it belongs to.
            pub const fn feature(self) -> Feature {
                match self { $( LoadOp::$load => Feature::$lf, )* }
            }
            /// The name in the text format.
            pub const fn name(self) -> &'static str {
                match self { $( LoadOp::$load => $ltext, )* }
            }
        }

        impl StoreOp {
            /// How many there are.
            pub const COUNT: usize = [$( StoreOp::$store, )*].len();
            /// Binary logarithm of the bytes accessed, which is also the largest alignment allowed.
            pub const fn width_log2(self) -> u8 {
                match self { $( StoreOp::$store => $sw, )* }
            }
            /// Type of the value stored.
            pub const fn ty(self) -> ValType {
                match self { $( StoreOp::$store => ValType::$st, )* }
            }
            /// The feature group that it belongs to.
            pub const fn feature(self) -> Feature {
                match self { $( StoreOp::$store => Feature::$sf, )* }
            }
            /// The name in the text format.
            pub const fn name(self) -> &'static str {
                match self { $( StoreOp::$store => $stext, )* }
            }
        }
    };
    (@traps traps) => { true };
    (@traps pure) => { false };
}

for_each_op!(operators);

/// The types of an operator on numbers in a byte: the numbers of these types have all bits but two in common.
#[derive(Clone, Copy)]
struct Numbers(u8);

impl Numbers {
    const MASK: u8 = ValType::I32 as u8 ^ ValType::F64 as u8;

    const fn of(operand: ValType, result: ValType) -> Numbers {
        Numbers((operand as u8 & Numbers::MASK) << 2 | result as u8 & Numbers::MASK)
    }

    const fn types(self) -> (ValType, ValType) {
        const fn of(bits: u8) -> ValType {
            match ValType::F64 as u8 | bits & Numbers::MASK {
                number if number == ValType::I32 as u8 => ValType::I32,
                number if number == ValType::I64 as u8 => ValType::I64,
                number if number == ValType::F32 as u8 => ValType::F32,
                _ => ValType::F64,
            }
        }
        (of(self.0 >> 2), of(self.0))
    }
}

/// The table by opcode, of what this build has: a look-up is smaller and faster than the match that fills it.
const fn ops<const N: usize>(first: u32) -> [Option<Op>; N] {
    let mut ops = [None; N];
    let mut i = 0;
    while i < N {
        if let Some((op, feature)) = Op::find(first + i as u32)
            && feature.compiled()
        {
            ops[i] = Some(op);
        }
        i += 1;
    }
    ops
}

const PLAIN: usize = 0xD3;
const PREFIXED: usize = 0x12;
/// Opcodes behind the prefix 0xFC begin here.
const PREFIX: u32 = 0xFC00;
static PLAIN_OPS: [Option<Op>; PLAIN] = ops(0);
static PREFIXED_OPS: [Option<Op>; PREFIXED] = ops(PREFIX);

/// Operators of one feature group that this build could have and has not, whose opcodes follow each other.
#[derive(Clone, Copy)]
struct LeftOut {
    first: u16,
    count: u8,
    feature: Feature,
}

/// The first `N` rows of all of them, and how many there are.
const fn left_out<const N: usize>() -> ([LeftOut; N], usize) {
    let mut rows = [LeftOut { first: 0, count: 0, feature: Feature::Mvp }; N];
    let mut count = 0;
    let mut before = Feature::Mvp;
    let mut i = 0;
    while i < PLAIN + PREFIXED {
        let opcode = if i < PLAIN { i as u32 } else { PREFIX + (i - PLAIN) as u32 };
        let feature = match Op::find(opcode) {
            Some((_, feature)) if !feature.compiled() => feature,
            _ => Feature::Mvp,
        };
        if !feature.compiled() {
            if before as u8 != feature as u8 || opcode == PREFIX {
                count += 1;
                if count <= N {
                    rows[count - 1] = LeftOut { first: opcode as u16, count: 0, feature };
                }
            }
            if count <= N {
                rows[count - 1].count += 1;
            }
        }
        before = feature;
        i += 1;
    }
    (rows, count)
}

static LEFT_OUT: [LeftOut; left_out::<0>().1] = left_out().0;

impl Op {
    /// The operator with this opcode, `0xFCnn` for those behind the prefix 0xFC, if this build has it.
    pub fn decode(opcode: u32) -> Option<Op> {
        match opcode.checked_sub(PREFIX) {
            None => Op::plain(opcode),
            Some(sub) => *PREFIXED_OPS.get(sub as usize)?,
        }
    }

    /// The operator with this opcode, if it has no prefix, as nearly all have not: so quick that it is no call.
    #[inline(always)]
    pub fn plain(opcode: u32) -> Option<Op> {
        *PLAIN_OPS.get(opcode as usize)?
    }
}

/// Which feature group an opcode belongs to that this build has not, so that a module that uses it is refused by name. For the
/// prefixes 0xFB, 0xFD and 0xFE, which wasmote has nothing of, `opcode` is the prefix alone.
#[cold]
#[inline(never)]
pub fn refused(opcode: u32) -> Option<Feature> {
    for row in &LEFT_OUT {
        if opcode.wrapping_sub(row.first.into()) < row.count.into() {
            return Some(row.feature);
        }
    }
    Some(match opcode {
        0x06..=0x0A | 0x18 | 0x19 | 0x1F => Feature::Exceptions,
        0x14 | 0x15 | 0xD3..=0xD6 | 0xFB => Feature::Gc,
        0xFC13..=0xFC16 => Feature::WideArithmetic,
        0xFD => Feature::Simd,
        0xFE => Feature::Threads,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_hold_every_operator() {
        for opcode in 0..0x1_0000 {
            let found = Op::find(opcode);
            assert_eq!(
                Op::decode(opcode),
                found.filter(|(_, feature)| feature.compiled()).map(|(op, _)| op),
                "{opcode:#x}"
            );
            let left_out = found.filter(|(_, feature)| !feature.compiled()).map(|(_, feature)| feature);
            assert!(found.is_none() || refused(opcode) == left_out, "{opcode:#x}");
        }
    }
}
