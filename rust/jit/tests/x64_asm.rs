//! Every form of the x86-64 assembler against another one: GNU as must make the same bytes of each instruction's text,
//! and so choose the same, shortest, encoding.

use std::fmt::Write;
use std::process::Command;
use wasmote_jit::isa::x64::asm::*;
use wasmote_platform::Heap;

/// Instructions with their texts.
struct Cases {
    asm: Asm,
    text: String,
    /// Where the code of each one ends.
    ends: Vec<usize>,
}

impl Cases {
    fn new() -> Cases {
        Cases { asm: Asm::new(&Heap::platform().unwrap()), text: String::new(), ends: Vec::new() }
    }

    fn case(&mut self, text: impl AsRef<str>, emit: impl FnOnce(&mut Asm)) {
        emit(&mut self.asm);
        writeln!(self.text, "{}", text.as_ref()).unwrap();
        self.ends.push(self.asm.code.len());
    }

    fn judge(self, name: &str) {
        let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
        let (source, object, binary) = (
            folder.join(format!("x64_{name}.s")),
            folder.join(format!("x64_{name}.o")),
            folder.join(format!("x64_{name}.bin")),
        );
        std::fs::write(&source, format!(".intel_syntax noprefix\n{}", self.text)).unwrap();
        run("x86_64-linux-gnu-as", |command| command.args(["--64", "-o"]).arg(&object).arg(&source));
        run("x86_64-linux-gnu-objcopy", |command| {
            command.args(["-O", "binary", "-j", ".text"]).arg(&object).arg(&binary)
        });
        let theirs = std::fs::read(&binary).unwrap();
        self.asm.code.check().unwrap();
        let ours = self.asm.code.bytes().collect::<Vec<u8>>();
        let mut start = 0;
        for (line, &end) in self.text.lines().zip(&self.ends) {
            let at = start..end;
            let found = theirs.get(at.clone()).unwrap_or(&[]);
            assert_eq!(
                format!("{:02x?}", &ours[at]),
                format!("{found:02x?}"),
                "{line}: not as GNU as has it (or the one before is longer there)"
            );
            start = end;
        }
        assert_eq!(theirs.len(), ours.len(), "GNU as made more");
        assert!(self.ends.len() > 10);
        println!("{} instructions", self.ends.len());
    }
}

fn run(program: &str, args: impl FnOnce(&mut Command) -> &mut Command) {
    let mut command = Command::new(program);
    let output = args(&mut command).output();
    let output =
        output.unwrap_or_else(|error| panic!("{program} (package binutils-x86-64-linux-gnu): {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {}", &said[..said.len().min(3000)]);
}

const SIZES: [Size; 2] = [Size::W32, Size::W64];

fn all() -> impl Iterator<Item = Reg> + Clone {
    (0..16).map(Reg)
}

const LOW: [&str; 8] = ["ax", "cx", "dx", "bx", "sp", "bp", "si", "di"];

/// A register's name for operands of 1, 2, 4 or 8 bytes.
fn sized(reg: Reg, bytes: u32) -> String {
    let low = LOW.get(reg.0 as usize);
    match (low, bytes) {
        (Some(low), 8) => format!("r{low}"),
        (Some(low), 4) => format!("e{low}"),
        (Some(low), 2) => (*low).into(),
        (Some(low), _) if reg.0 < 4 => format!("{}l", &low[..1]),
        (Some(low), _) => format!("{low}l"),
        (None, bytes) => {
            format!(
                "r{}{}",
                reg.0,
                match bytes {
                    8 => "",
                    4 => "d",
                    2 => "w",
                    _ => "b",
                }
            )
        }
    }
}

fn bytes(size: Size) -> u32 {
    if size == Size::W64 { 8 } else { 4 }
}

fn name(reg: Reg, size: Size) -> String {
    sized(reg, bytes(size))
}

fn pointer(bytes: u32) -> &'static str {
    match bytes {
        1 => "byte",
        2 => "word",
        4 => "dword",
        _ => "qword",
    }
}

fn lower(value: impl std::fmt::Debug) -> String {
    format!("{value:?}").to_lowercase()
}

/// Addresses of every kind, with their texts.
fn addresses() -> Vec<(Mem, String)> {
    let mut list = Vec::new();
    for base in all() {
        for offset in [0, 1, 127, 128, -1, -128, -129, 0x1234_5678, i32::MIN] {
            list.push((Mem::at(base, offset), format!("[{}+{offset}]", sized(base, 8))));
        }
        for index in all().filter(|&index| index != RSP) {
            for (power, offset) in [(0, 0), (1, 0), (2, 8), (3, -0x1000), (0, i32::MAX)] {
                list.push((
                    Mem::indexed(base, index, power, offset),
                    format!("[{}+{}*{}+{offset}]", sized(base, 8), sized(index, 8), 1 << power),
                ));
            }
        }
    }
    list
}

/// The `n`th register, so that all come by.
fn some(n: usize) -> Reg {
    Reg((n * 7 % 16) as u32)
}

const IMMEDIATES: [i32; 10] = [0, 1, -1, 127, 128, -128, -129, 0x1234_5678, i32::MAX, i32::MIN];
const OPS: [Op; 8] = [Op::Add, Op::Or, Op::Adc, Op::Sbb, Op::And, Op::Sub, Op::Xor, Op::Cmp];

#[test]
fn operations() {
    let mut cases = Cases::new();
    for (op, size) in OPS.into_iter().flat_map(|op| SIZES.map(|size| (op, size))) {
        let text = lower(op);
        for rd in all() {
            let d = name(rd, size);
            for rm in all() {
                cases.case(format!("{text} {d}, {}", name(rm, size)), |asm| asm.op(op, size, rd, rm));
            }
            for imm in IMMEDIATES {
                cases.case(format!("{text} {d}, {imm}"), |asm| asm.op(op, size, rd, Src::Imm(imm)));
            }
        }
        for (at, (mem, address)) in addresses().into_iter().enumerate() {
            let reg = some(at);
            let r = name(reg, size);
            cases.case(format!("{text} {r}, {address}"), |asm| asm.op(op, size, reg, mem));
            cases.case(format!("{text} {address}, {r}"), |asm| asm.op_mem(op, size, mem, reg));
            let imm = IMMEDIATES[at % IMMEDIATES.len()];
            let pointer = pointer(bytes(size));
            cases.case(format!("{text} {pointer} ptr {address}, {imm}"), |asm| {
                asm.op_imm(op, size, mem, imm);
            });
        }
    }
    cases.judge("operations");
}

#[test]
fn one_operand() {
    let mut cases = Cases::new();
    for (size, reg) in SIZES.into_iter().flat_map(|size| all().map(move |reg| (size, reg))) {
        let r = name(reg, size);
        for op in [Unary::Not, Unary::Neg, Unary::Mul, Unary::Imul, Unary::Div, Unary::Idiv] {
            cases.case(format!("{} {r}", lower(op)), |asm| asm.unary(op, size, reg));
        }
        for shift in [Shift::Rol, Shift::Ror, Shift::Shl, Shift::Shr, Shift::Sar] {
            cases.case(format!("{} {r}, cl", lower(shift)), |asm| asm.shift(shift, size, reg));
            for by in [1, 2, 31, 63] {
                cases.case(format!("{} {r}, {by}", lower(shift)), |asm| {
                    asm.shift_imm(shift, size, reg, by);
                });
            }
        }
        for rm in all() {
            let m = name(rm, size);
            cases.case(format!("test {r}, {m}"), |asm| asm.test(size, reg, rm));
            cases.case(format!("mov {r}, {m}"), |asm| asm.mov(size, reg, rm));
            cases.case(format!("imul {r}, {m}"), |asm| asm.imul(size, reg, rm));
            for scan in [Scan::Bsf, Scan::Bsr] {
                cases.case(format!("{} {r}, {m}", lower(scan)), |asm| asm.scan(scan, size, reg, rm));
            }
            for imm in IMMEDIATES {
                cases.case(format!("imul {r}, {m}, {imm}"), |asm| asm.imul_imm(size, reg, rm, imm));
            }
        }
    }
    for reg in all() {
        let r = sized(reg, 8);
        cases.case(format!("push {r}"), |asm| asm.push(reg));
        cases.case(format!("pop {r}"), |asm| asm.pop(reg));
        cases.case(format!("call {r}"), |asm| asm.call(reg));
        cases.case(format!("jmp {r}"), |asm| asm.jump(reg));
        for imm in [0, 1, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF] {
            cases.case(format!("mov {}, {imm}", sized(reg, 4)), |asm| asm.mov_imm(reg, imm));
        }
        for imm in [-1i64, -0x8000_0000] {
            cases.case(format!("mov {r}, {imm}"), |asm| asm.mov_imm(reg, imm as u64));
        }
        for imm in [0x1_0000_0000i64, -0x8000_0001, i64::MIN, i64::MAX, 0x0123_4567_89AB_CDEF] {
            cases.case(format!("movabs {r}, {imm}"), |asm| asm.mov_imm(reg, imm as u64));
        }
    }
    for (text, size) in [("cdq", Size::W32), ("cqo", Size::W64)] {
        cases.case(text, |asm| asm.sign(size));
    }
    cases.case("ret", Asm::ret);
    cases.case("nop", Asm::nop);
    cases.case("ud2", Asm::ud2);
    cases.judge("one_operand");
}

#[test]
fn memory() {
    let mut cases = Cases::new();
    let loads = |size| {
        [
            (Load::Plain(size), "mov", bytes(size), bytes(size)),
            (Load::Zero8, "movzx", 1, 4),
            (Load::Zero16, "movzx", 2, 4),
            (Load::Sign8(size), "movsx", 1, bytes(size)),
            (Load::Sign16(size), "movsx", 2, bytes(size)),
            (Load::Sign32, "movsxd", 4, 8),
        ]
    };
    let stores = |size| [(Store::Byte, 1), (Store::Half, 2), (Store::Plain(size), bytes(size))];
    for size in SIZES {
        for (at, (mem, address)) in addresses().into_iter().enumerate() {
            let reg = some(at);
            let (r, r8) = (name(reg, size), sized(reg, 8));
            for (load, text, width, result) in loads(size) {
                let text = format!("{text} {}, {} ptr {address}", sized(reg, result), pointer(width));
                cases.case(text, |asm| asm.load(load, reg, mem));
            }
            let imm = IMMEDIATES[at % IMMEDIATES.len()];
            for (store, width) in stores(size) {
                cases.case(format!("mov {address}, {}", sized(reg, width)), |asm| asm.store(store, mem, reg));
                let value = match width {
                    1 => i32::from(imm as i8),
                    2 => i32::from(imm as i16),
                    _ => imm,
                };
                cases.case(format!("mov {} ptr {address}, {value}", pointer(width)), |asm| {
                    asm.store_imm(store, mem, imm);
                });
            }
            cases.case(format!("lea {r}, {address}"), |asm| asm.lea(size, reg, mem));
            cases.case(format!("imul {r}, {address}"), |asm| asm.imul(size, reg, mem));
            cases.case(format!("imul {r}, {address}, {imm}"), |asm| asm.imul_imm(size, reg, mem, imm));
            cases.case(format!("cmovle {r}, {address}"), |asm| asm.mov_if(Cond::Le, size, reg, mem));
            cases.case(format!("bsr {r}, {address}"), |asm| asm.scan(Scan::Bsr, size, reg, mem));
            cases.case(format!("neg {} ptr {address}", pointer(bytes(size))), |asm| {
                asm.unary(Unary::Neg, size, mem);
            });
            cases.case(format!("push qword ptr {address}"), |asm| asm.push(mem));
            cases.case(format!("pop qword ptr {address}"), |asm| asm.pop(mem));
            cases.case(format!("call qword ptr {address}"), |asm| asm.call(mem));
            cases.case(format!("jmp qword ptr {address}"), |asm| asm.jump(mem));
            let x = Xmm(reg.byte());
            let mov = if size == Size::W64 { "movq" } else { "movd" };
            // For memory GNU as has another form of the wide one.
            if size == Size::W32 {
                cases.case(format!("{mov} xmm{}, {address}", reg.0), |asm| asm.sse_from(size, x, mem));
            }
            cases.case(format!("mov {r8}, {r8}"), |asm| asm.mov(Size::W64, reg, reg));
        }
        for (reg, rm) in all().flat_map(|reg| all().map(move |rm| (reg, rm))) {
            for (load, text, width, result) in loads(size).into_iter().skip(1) {
                let text = format!("{text} {}, {}", sized(reg, result), sized(rm, width));
                cases.case(text, |asm| asm.load(load, reg, rm));
            }
        }
    }
    for (reg, offset) in all().flat_map(|reg| [0, 5, -7, 0x1000].map(|offset| (reg, offset))) {
        cases.case(format!("lea {}, [rip+{offset}]", sized(reg, 8)), |asm| asm.lea_here(reg, offset));
        cases.case(format!("lea {}, [rip+{offset}]", sized(reg, 8)), |asm| {
            let at = asm.code.len();
            asm.lea_here(reg, 0);
            asm.set_lea_here(at, offset);
        });
    }
    cases.judge("memory");
}

const CONDS: [Cond; 16] = {
    use Cond::*;
    [O, No, B, Ae, E, Ne, Be, A, S, Ns, P, Np, L, Ge, Le, G]
};

#[test]
fn conditions_and_branches() {
    let mut cases = Cases::new();
    for cond in CONDS {
        for rd in all() {
            cases.case(format!("set{} {}", lower(cond), sized(rd, 1)), |asm| asm.set(cond, rd));
            for (rm, size) in all().flat_map(|rm| SIZES.map(|size| (rm, size))) {
                let text = format!("cmov{} {}, {}", lower(cond), name(rd, size), name(rm, size));
                cases.case(text, |asm| asm.mov_if(cond, size, rd, rm));
            }
        }
    }
    let mut branches = vec![(Branch::Jump, "jmp".to_owned()), (Branch::Call, "call".to_owned())];
    branches.extend(CONDS.map(|cond| (Branch::JumpIf(cond), format!("j{}", lower(cond)))));
    // Backwards, around where the short form ends, and forwards.
    for (branch, text) in branches {
        for offset in
            [0, -1, -125, -126, -127, -128, -129, -130, -1000, 3, 126, 127, 128, 129, 130, 131, 5000]
        {
            let to = |asm: &Asm| (asm.code.len() as i64 + offset) as usize;
            if to(&cases.asm) > 5_000_000 {
                continue;
            }
            cases.case(format!("{text} .{offset:+}"), |asm| asm.branch(branch, to(asm)));
        }
        if branch != Branch::Call {
            cases.case(format!("{text} .+5\nmovzx eax, byte ptr [rax]").replace('\n', "; "), |asm| {
                let field = asm.branch_short(branch);
                asm.load(Load::Zero8, RAX, Mem::at(RAX, 0));
                asm.set_short(field);
            });
        }
        // Where the target comes later.
        cases.case(format!("{text} .+0x123456"), |asm| {
            let to = asm.code.len() + 0x12_3456;
            let field = asm.branch_far(branch, 77);
            assert_eq!(asm.branch_field(field), 77);
            asm.set_branch(field, to);
        });
    }
    cases.judge("conditions_and_branches");
}

#[test]
fn numbers() {
    let mut cases = Cases::new();
    for (size, s) in [(Size::W32, "s"), (Size::W64, "d")] {
        let mov = if size == Size::W64 { "movq" } else { "movd" };
        for (d, m) in (0..16).flat_map(|d| (0..16).map(move |m| (d, m))) {
            let (xd, xm, reg) = (Xmm(d), Xmm(m), Reg(m.into()));
            for op in [Sse::Sqrt, Sse::Add, Sse::Mul, Sse::Sub, Sse::Min, Sse::Div, Sse::Max] {
                let text = format!("{}s{s} xmm{d}, xmm{m}", lower(op));
                cases.case(text, |asm| asm.sse_op(op, size, xd, xm));
            }
            for (op, text) in
                [(Logic::And, "and"), (Logic::AndNot, "andn"), (Logic::Or, "or"), (Logic::Xor, "xor")]
            {
                cases.case(format!("{text}p{s} xmm{d}, xmm{m}"), |asm| asm.sse_logic(op, size, xd, xm));
            }
            cases.case(format!("cmpeqs{s} xmm{d}, xmm{m}"), |asm| asm.sse_equal(size, xd, xm));
            cases.case(format!("ucomis{s} xmm{d}, xmm{m}"), |asm| asm.sse_compare(size, xd, xm));
            cases.case(format!("movaps xmm{d}, xmm{m}"), |asm| asm.sse_mov(xd, xm));
            cases.case(format!("{mov} xmm{d}, {}", name(reg, size)), |asm| asm.sse_from(size, xd, reg));
            cases.case(format!("{mov} {}, xmm{d}", name(reg, size)), |asm| asm.sse_to(size, reg, xd));
            let to = if size == Size::W64 { "s" } else { "d" };
            cases.case(format!("cvts{s}2s{to} xmm{d}, xmm{m}"), |asm| asm.sse_convert(size, xd, xm));
            for integer in SIZES {
                let r = name(reg, integer);
                cases.case(format!("cvtsi2s{s} xmm{d}, {r}"), |asm| {
                    asm.sse_from_integer(size, xd, integer, reg);
                });
                cases.case(format!("cvtts{s}2si {r}, xmm{d}"), |asm| {
                    asm.sse_to_integer(size, reg, integer, xd);
                });
            }
        }
    }
    cases.judge("numbers");
}
