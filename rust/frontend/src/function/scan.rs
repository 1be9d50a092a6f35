//! What a sink may want to know of a body before it is compiled: how much each local is used, and whether there are calls.

use super::Body;
use crate::Sink;
use wasmote_core::Op;

/// A use counts for so many uses outside of all loops, as a binary logarithm for each loop around it.
const LOOP_LOG2: u32 = 3;
/// Further loops do not count more.
const DEEP: u32 = 5;

impl<S: Sink> Body<'_, '_, S> {
    /// Looks ahead over the whole body. What is wrong with it does not matter here: it is found when it is compiled.
    pub fn scan(&mut self) {
        self.sink.scan();
        let start = self.reader;
        // One bit for each open block, the innermost lowest: whether it is a loop.
        let (mut blocks, mut depth) = (0u64, 0u32);
        let mut open = 1u32;
        while open > 0 && !self.reader.failed() {
            let byte = self.reader.u8();
            let opcode = if byte == 0xFC { 0xFC00 | self.reader.u32().min(0xFF) } else { byte.into() };
            let Some((op, _)) = Op::decode(opcode) else { break };
            match op {
                Op::Block | Op::Loop | Op::If => {
                    self.reader.s33();
                    open += 1;
                    // Of more blocks than bits the outermost ones are taken for none.
                    depth -= (blocks >> 63) as u32;
                    blocks = blocks << 1 | u64::from(op == Op::Loop);
                    depth += u32::from(op == Op::Loop);
                }
                Op::End => {
                    open -= 1;
                    depth -= (blocks & 1) as u32;
                    blocks >>= 1;
                }
                Op::LocalGet | Op::LocalSet | Op::LocalTee => {
                    let index = self.reader.u32();
                    if let Some((ty, cell)) = self.locals.get(index) {
                        self.sink.used(cell, ty, 1 << (LOOP_LOG2 * depth.min(DEEP)));
                    }
                }
                Op::Call | Op::ReturnCall => {
                    self.reader.u32();
                    self.sink.calls();
                }
                Op::CallIndirect | Op::ReturnCallIndirect => {
                    self.reader.u32();
                    self.reader.u32();
                    self.sink.calls();
                }
                _ => self.skip(op),
            }
        }
        self.reader = start;
    }

    /// Skips an operator's immediates. All are named, so that none is forgotten: a call that is overlooked would be told
    /// wrongly.
    fn skip(&mut self, op: Op) {
        let reader = &mut self.reader;
        match op {
            Op::Load(_) | Op::Store(_) => {
                reader.u32();
                reader.u32();
            }
            Op::Br | Op::BrIf | Op::GlobalGet | Op::GlobalSet | Op::RefFunc => {
                reader.u32();
            }
            Op::BrTable => {
                for _ in 0..=reader.u32() {
                    reader.u32();
                    if reader.failed() {
                        break;
                    }
                }
            }
            Op::SelectT => {
                for _ in 0..reader.u32() {
                    reader.u8();
                    if reader.failed() {
                        break;
                    }
                }
            }
            Op::I32Const => {
                reader.s32();
            }
            Op::I64Const => {
                reader.s64();
            }
            Op::F32Const => {
                reader.f32_bits();
            }
            Op::F64Const => {
                reader.f64_bits();
            }
            Op::RefNull => {
                reader.u8();
            }
            Op::TableGet
            | Op::TableSet
            | Op::TableSize
            | Op::TableGrow
            | Op::TableFill
            | Op::ElemDrop
            | Op::DataDrop => {
                reader.u32();
                self.sink.calls();
            }
            Op::TableCopy | Op::TableInit | Op::MemoryInit | Op::MemoryCopy => {
                reader.u32();
                reader.u32();
                self.sink.calls();
            }
            Op::MemorySize | Op::MemoryGrow | Op::MemoryFill => {
                reader.u32();
                self.sink.calls();
            }
            // Seen to above.
            Op::Block | Op::Loop | Op::If | Op::End | Op::LocalGet | Op::LocalSet | Op::LocalTee => {}
            Op::Call | Op::ReturnCall | Op::CallIndirect | Op::ReturnCallIndirect => {}
            // Nothing follows.
            Op::Unary(_) | Op::Binary(_) => self.sink.numeric(op),
            Op::Reinterpret(..) | Op::Select | Op::Drop | Op::RefIsNull => {}
            Op::Unreachable | Op::Nop | Op::Else | Op::Return => {}
        }
    }
}
