//! Every form of the Thumb-2 assembler against another one: GNU as must make the same bytes of each instruction's text,
//! and so choose the same, shortest, encoding.

use std::fmt::Write;
use std::process::Command;
use wasmote_jit::isa::thumb2::asm::*;
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

    /// Compares with what GNU as makes for `cpu`.
    fn judge(self, name: &str, cpu: &[&str]) {
        let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
        let (source, object, binary) = (
            folder.join(format!("{name}.s")),
            folder.join(format!("{name}.o")),
            folder.join(format!("{name}.bin")),
        );
        std::fs::write(&source, format!(".syntax unified\n.thumb\n{}", self.text)).unwrap();
        run("arm-none-eabi-as", |command| {
            command.args(cpu).args(["-mthumb", "--no-warn", "-o"]).arg(&object).arg(&source)
        });
        run("arm-none-eabi-objcopy", |command| {
            command.args(["-O", "binary", "-j", ".text"]).arg(&object).arg(&binary)
        });
        let theirs = std::fs::read(&binary).unwrap();
        self.asm.code.check().unwrap();
        let ours = self.asm.code.bytes().collect::<Vec<u8>>();
        let mut start = 0;
        for (line, &end) in self.text.lines().zip(&self.ends) {
            let at = start..end;
            let found = theirs.get(at.clone()).unwrap_or(&[]);
            assert_eq!(&ours[at], found, "{line}: not as GNU as has it (or the one before is longer there)");
            start = end;
        }
        // It may pad the section.
        assert!(theirs.len() < ours.len() + 4, "GNU as made more");
        assert!(self.ends.len() > 10);
    }
}

fn run(program: &str, args: impl FnOnce(&mut Command) -> &mut Command) -> String {
    let mut command = Command::new(program);
    let output = args(&mut command).output();
    let output = output.unwrap_or_else(|error| panic!("{program} (package binutils-arm-none-eabi): {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {}", &said[..said.len().min(3000)]);
    String::from_utf8(output.stdout).unwrap()
}

const M7: &[&str] = &["-mcpu=cortex-m7", "-mfpu=fpv5-d16"];
const M3: &[&str] = &["-mcpu=cortex-m3"];

/// Low and high registers, the first and the last of each.
const REGS: [Reg; 6] = [Reg(0), Reg(3), Reg(7), Reg(8), Reg(12), LR];

fn name(reg: Reg) -> String {
    match reg {
        SP => "sp".into(),
        LR => "lr".into(),
        PC => "pc".into(),
        Reg(n) => format!("r{n}"),
    }
}

fn lower(value: impl std::fmt::Debug) -> String {
    format!("{value:?}").to_lowercase()
}

const DP: [Dp; 10] =
    [Dp::And, Dp::Bic, Dp::Orr, Dp::Orn, Dp::Eor, Dp::Add, Dp::Adc, Dp::Sbc, Dp::Sub, Dp::Rsb];
const SHIFTS: [Shift; 4] = [Shift::Lsl, Shift::Lsr, Shift::Asr, Shift::Ror];
/// Modified immediates of every kind.
const IMMEDIATES: [u32; 14] = [
    0,
    1,
    7,
    8,
    0x80,
    0xFF,
    0x100,
    0x1FE,
    0x00AB_00AB,
    0xAB00_AB00,
    0xABAB_ABAB,
    0xFF00_0000,
    0x8000_0000,
    0x3FC0,
];
const CONDS: [Cond; 14] = [
    Cond::Eq,
    Cond::Ne,
    Cond::Hs,
    Cond::Lo,
    Cond::Mi,
    Cond::Pl,
    Cond::Vs,
    Cond::Vc,
    Cond::Hi,
    Cond::Ls,
    Cond::Ge,
    Cond::Lt,
    Cond::Gt,
    Cond::Le,
];

/// All kinds of second operands, with their texts.
fn sources() -> Vec<(Src, String)> {
    let mut list: Vec<_> = IMMEDIATES.iter().map(|&imm| (Src::Imm(imm), format!("#{imm}"))).collect();
    for rm in REGS {
        list.push((Src::Reg(rm), name(rm)));
        for shift in SHIFTS {
            for by in [1, 2, 16, 31] {
                list.push((Src::shifted(rm, shift, by), format!("{}, {} #{by}", name(rm), lower(shift))));
            }
        }
    }
    list
}

#[test]
fn data_processing() {
    let mut cases = Cases::new();
    for op in DP {
        for rd in REGS {
            for rn in REGS {
                for (src, text) in sources() {
                    for (flags, s) in [(Flags::Keep, ""), (Flags::Set, "s")] {
                        // GNU as takes a 12-bit form instead where the number fits no other; here all fit.
                        let text = format!("{}{s} {}, {}, {text}", lower(op), name(rd), name(rn));
                        cases.case(text, |asm| asm.dp(op, flags, rd, rn, src));
                    }
                }
            }
        }
    }
    for (op, rn) in
        [Test::Tst, Test::Teq, Test::Cmn, Test::Cmp].into_iter().flat_map(|op| REGS.map(|rn| (op, rn)))
    {
        for (src, text) in sources() {
            cases.case(format!("{} {}, {text}", lower(op), name(rn)), |asm| asm.test(op, rn, src));
        }
    }
    for rd in REGS {
        for (src, text) in sources() {
            for (flags, s) in [(Flags::Keep, ""), (Flags::Set, "s")] {
                cases.case(format!("mov{s} {}, {text}", name(rd)), |asm| asm.mov(flags, rd, src));
                cases.case(format!("mvn{s} {}, {text}", name(rd)), |asm| asm.mvn(flags, rd, src));
            }
        }
        for imm in [0, 0xFFF, 0x1234, 0x8000, 0xFFFF] {
            cases.case(format!("movw {}, #{imm}", name(rd)), |asm| asm.movw(rd, imm));
            cases.case(format!("movt {}, #{imm}", name(rd)), |asm| asm.movt(rd, imm));
            cases.case(format!("movw {}, #{imm}", name(rd)), |asm| {
                let at = asm.code.len();
                asm.movw(rd, !imm & 0xFFFF);
                asm.set_mov_half(at, imm);
            });
        }
        for rn in REGS {
            for imm in [0, 0x101, 0x7FF, 0x800, 0xFFF] {
                cases.case(format!("addw {}, {}, #{imm}", name(rd), name(rn)), |asm| {
                    asm.add_wide(false, rd, rn, imm);
                });
                cases.case(format!("subw {}, {}, #{imm}", name(rd), name(rn)), |asm| {
                    asm.add_wide(true, rd, rn, imm);
                });
            }
        }
    }
    cases.judge("data_processing", M3);
}

/// With [`Flags::Any`], the shorter one of both forms is made.
#[test]
fn any_flags() {
    let heap = Heap::platform().unwrap();
    let made = |emit: &dyn Fn(&mut Asm)| {
        let mut asm = Asm::new(&heap);
        emit(&mut asm);
        asm.code.bytes().collect::<Vec<u8>>()
    };
    let mut short = 0;
    let mut check = |text: &str, emit: &dyn Fn(&mut Asm, Flags)| {
        let [keep, set, any] =
            [Flags::Keep, Flags::Set, Flags::Any].map(|flags| made(&|asm| emit(asm, flags)));
        let shortest = if keep.len() < set.len() { &keep } else { &set };
        if set.len() == keep.len() {
            assert!(any == set || any == keep, "{text}");
        } else {
            assert_eq!(&any, shortest, "{text}");
            short += 1;
        }
    };
    for rd in REGS {
        for (src, text) in sources() {
            for rn in REGS {
                for op in DP {
                    check(&format!("{op:?} {rd:?} {rn:?} {text}"), &|asm, flags| {
                        asm.dp(op, flags, rd, rn, src)
                    });
                }
            }
            check(&format!("mov {rd:?} {text}"), &|asm, flags| asm.mov(flags, rd, src));
            check(&format!("mvn {rd:?} {text}"), &|asm, flags| asm.mvn(flags, rd, src));
        }
    }
    assert!(short > 300, "{short}");
}

#[test]
fn shifts_and_multiplications() {
    let mut cases = Cases::new();
    for rd in REGS {
        for rm in REGS {
            for op in [
                Unary::Sxth,
                Unary::Uxth,
                Unary::Sxtb,
                Unary::Uxtb,
                Unary::Clz,
                Unary::Rbit,
                Unary::Rev,
                Unary::Rev16,
                Unary::Revsh,
            ] {
                cases.case(format!("{} {}, {}", lower(op), name(rd), name(rm)), |asm| asm.unary(op, rd, rm));
            }
            for (lsb, width) in [(0, 1), (0, 8), (3, 5), (7, 17), (31, 1), (0, 32)] {
                let (d, m) = (name(rd), name(rm));
                let field = format!("#{lsb}, #{width}");
                cases.case(format!("ubfx {d}, {m}, {field}"), |asm| asm.extract(false, rd, rm, lsb, width));
                cases.case(format!("sbfx {d}, {m}, {field}"), |asm| asm.extract(true, rd, rm, lsb, width));
                cases.case(format!("bfi {d}, {m}, {field}"), |asm| asm.insert(rd, Some(rm), lsb, width));
                cases.case(format!("bfc {d}, {field}"), |asm| asm.insert(rd, None, lsb, width));
            }
            for rn in REGS {
                let regs = format!("{}, {}, {}", name(rd), name(rn), name(rm));
                for shift in SHIFTS {
                    for (flags, s) in [(Flags::Keep, ""), (Flags::Set, "s")] {
                        let text = format!("{}{s} {regs}", lower(shift));
                        cases.case(text, |asm| asm.shift(shift, flags, rd, rn, rm));
                    }
                }
                cases.case(format!("mul {regs}"), |asm| asm.mul(Mul::Mul, Flags::Keep, rd, rn, rm));
                if rd.0.max(rn.0).max(rm.0) < 8 && (rd == rm || rd == rn) {
                    cases.case(format!("muls {regs}"), |asm| asm.mul(Mul::Mul, Flags::Any, rd, rn, rm));
                }
                cases.case(format!("sdiv {regs}"), |asm| asm.mul(Mul::Sdiv, Flags::Any, rd, rn, rm));
                cases.case(format!("udiv {regs}"), |asm| asm.mul(Mul::Udiv, Flags::Any, rd, rn, rm));
                for ra in REGS {
                    let regs = format!("{regs}, {}", name(ra));
                    cases.case(format!("mla {regs}"), |asm| asm.mul(Mul::Mla(ra), Flags::Any, rd, rn, rm));
                    cases.case(format!("mls {regs}"), |asm| asm.mul(Mul::Mls(ra), Flags::Any, rd, rn, rm));
                    if rd != rn {
                        for op in [Long::Smull, Long::Umull, Long::Smlal, Long::Umlal] {
                            cases.case(format!("{} {regs}", lower(op)), |asm| {
                                asm.mul_long(op, rd, rn, rm, ra)
                            });
                        }
                    }
                }
            }
        }
    }
    cases.judge("shifts_and_multiplications", M3);
}

#[test]
fn memory() {
    let mut cases = Cases::new();
    let ops = [Mem::Strb, Mem::Ldrb, Mem::Strh, Mem::Ldrh, Mem::Str, Mem::Ldr, Mem::Ldrsb, Mem::Ldrsh];
    for (op, rt) in ops.into_iter().flat_map(|op| REGS.map(|rt| (op, rt))) {
        for rn in REGS.into_iter().chain([SP]) {
            for offset in [0, 1, 2, 4, 31, 32, 62, 64, 124, 128, 255, 256, 1020, 1024, 4095, -1, -4, -255] {
                cases.case(format!("{} {}, [{}, #{offset}]", lower(op), name(rt), name(rn)), |asm| {
                    asm.mem(op, rt, Address::offset(rn, offset));
                });
            }
            for rm in REGS {
                for by in 0..4 {
                    let shift = if by == 0 { String::new() } else { format!(", lsl #{by}") };
                    let address = format!("[{}, {}{shift}]", name(rn), name(rm));
                    cases.case(format!("{} {}, {address}", lower(op), name(rt)), |asm| {
                        asm.mem(op, rt, Address::index(rn, rm, by));
                    });
                }
            }
        }
    }
    for (rt, rt2) in REGS.into_iter().flat_map(|rt| REGS.map(|rt2| (rt, rt2))).filter(|(a, b)| a != b) {
        cases.case(format!("str {}, [{}], #4", name(rt), name(rt2)), |asm| {
            asm.long(store_step(rt, rt2));
        });
        for rn in REGS.into_iter().chain([SP]) {
            for offset in [0, 4, 1020, -4, -1020] {
                let operands = format!("{}, {}, [{}, #{offset}]", name(rt), name(rt2), name(rn));
                cases.case(format!("ldrd {operands}"), |asm| asm.mem_dual(true, rt, rt2, rn, offset));
                cases.case(format!("strd {operands}"), |asm| asm.mem_dual(false, rt, rt2, rn, offset));
            }
        }
    }
    for list in [0b11, 0xF0, 0x0FFF, 0x4030, 0x5FF0, 0x10FF, 0x40FF] {
        let names: Vec<_> = (0..16).filter(|n| list >> n & 1 != 0).map(|n| name(Reg(n))).collect();
        let names = names.join(", ");
        for rn in REGS.into_iter().chain([SP]) {
            for (down, mode) in [(false, "ia"), (true, "db")] {
                for (update, mark) in [(false, ""), (true, "!")] {
                    // GNU as 2.40 takes stmia sp! for a push, which it is not; pushes and pops follow.
                    if update && (rn == SP || list >> rn.0 & 1 != 0) {
                        continue;
                    }
                    let operands = format!("{mode} {}{mark}, {{{names}}}", name(rn));
                    cases.case(format!("ldm{operands}"), |asm| asm.mem_many(true, down, update, rn, list));
                    cases.case(format!("stm{operands}"), |asm| asm.mem_many(false, down, update, rn, list));
                }
            }
            if list & 0x4000 == 0 {
                let names = format!("{names}, pc");
                let text = format!("ldmia {}, {{{names}}}", name(rn));
                cases.case(text, |asm| asm.mem_many(true, false, false, rn, list | 0x8000));
            }
        }
    }
    for imm in [0, 4, 508] {
        cases.case(format!("add sp, #{imm}"), |asm| asm.dp_sp(false, imm));
        cases.case(format!("sub sp, #{imm}"), |asm| asm.dp_sp(true, imm));
    }
    cases.case("push {r4, r5, lr}", |asm| asm.mem_many(false, true, true, SP, 0x4030));
    cases.case("pop {r4, r5, pc}", |asm| asm.mem_many(true, false, true, SP, 0x8030));
    cases.case("push {r4-r11, lr}", |asm| asm.mem_many(false, true, true, SP, 0x4FF0));
    cases.case("pop {r4-r11, pc}", |asm| asm.mem_many(true, false, true, SP, 0x8FF0));
    cases.judge("memory", M3);
}

#[test]
fn branches() {
    let mut cases = Cases::new();
    let mut branch = |text: String, branch: Branch, offset: i32| {
        assert!(branch.reaches(offset));
        cases.case(format!("{text} . + {offset}"), |asm| {
            let at = asm.code.len();
            if branch.size() == 2 {
                assert!(asm.put_branch(branch, offset));
                return assert_eq!(asm.code.len() - at, 2);
            }
            // As if it had been set later.
            assert!(asm.put_branch(branch, 4));
            assert_eq!(asm.set_branch(at, 8.min(offset.max(4))), Some(4));
            assert_eq!(asm.set_branch(at, offset), Some(8.min(offset.max(4))));
            let code = asm.code.get32(at);
            asm.code.truncate(at);
            assert!(asm.put_branch(branch, offset));
            assert_eq!((asm.code.len() - at, asm.code.get32(at)), (4, code));
        });
    };
    for offset in [-2044, -256, -2, 0, 2, 4, 100, 2050] {
        branch("b.n".into(), Branch::NEAR, offset);
    }
    for offset in [-16_777_212, -70_000, -4, 0, 4, 1_000_000, 4_194_304 + 4, 8_388_608 + 4, 16_777_218] {
        branch("b.w".into(), Branch::FAR, offset);
        branch("bl".into(), Branch::LINK, offset);
    }
    for cond in CONDS {
        for offset in [-252, -4, 0, 2, 4, 128, 258] {
            branch(format!("b{}.n", lower(cond)), Branch::near_if(cond), offset);
        }
        for offset in [-1_048_572, -300_000, -4, 0, 4, 262_144 + 4, 524_288 + 4, 1_048_578] {
            branch(format!("b{}.w", lower(cond)), Branch::far_if(cond), offset);
        }
    }
    for reg in [Reg(0), Reg(5), Reg(7)] {
        for offset in [4, 6, 66, 68, 130] {
            branch(format!("cbz {},", name(reg)), Branch::compare(false, reg), offset);
            branch(format!("cbnz {},", name(reg)), Branch::compare(true, reg), offset);
        }
    }
    for rm in REGS {
        cases.case(format!("bx {}", name(rm)), |asm| asm.branch_reg(false, rm));
        cases.case(format!("blx {}", name(rm)), |asm| asm.branch_reg(true, rm));
        cases.case(format!("add pc, {}", name(rm)), |asm| asm.branch_by(rm));
        cases.case(format!("tbh [pc, {}, lsl #1]", name(rm)), |asm| asm.table_branch(rm));
    }
    for cond in CONDS {
        cases.case(format!("it {c}\nmov{c} r8, r1", c = lower(cond)), |asm| asm.it(cond));
        cases.ends.push(cases.asm.code.len() + 2);
        asm_only(&mut cases, |asm| asm.mov(Flags::Keep, Reg(8), Src::Reg(Reg(1))));
    }
    cases.case("nop", Asm::nop);
    cases.case("udf #171", |asm| asm.udf(171));
    cases.case("dsb", Asm::dsb);
    cases.judge("branches", M3);
}

/// Appends an instruction whose text and end are there already.
fn asm_only(cases: &mut Cases, emit: impl FnOnce(&mut Asm)) {
    emit(&mut cases.asm);
    assert_eq!(cases.ends.last(), Some(&cases.asm.code.len()));
}

#[test]
fn a_branch_reaches_no_further_than_it_says() {
    for (branch, first, last) in [
        (Branch::NEAR, -2044, 2050),
        (Branch::FAR, -16_777_212, 16_777_218),
        (Branch::near_if(Cond::Eq), -252, 258),
        (Branch::far_if(Cond::Eq), -1_048_572, 1_048_578),
        (Branch::compare(true, Reg(0)), 4, 130),
    ] {
        assert!(branch.reaches(first) && branch.reaches(last), "{branch:?}");
        assert!(!branch.reaches(first - 2) && !branch.reaches(last + 2), "{branch:?}");
        assert!(!branch.reaches(5), "{branch:?}");
        if branch.size() == 2 {
            continue;
        }
        let mut asm = Asm::new(&Heap::platform().unwrap());
        asm.put_branch(branch, 4);
        let before: Vec<u8> = asm.code.bytes().collect();
        assert_eq!(asm.set_branch(0, last + 2), None);
        assert_eq!(asm.code.bytes().collect::<Vec<u8>>(), before);
    }
}

#[test]
fn a_branch_that_waits_is_found_again() {
    for branch in CONDS.into_iter().map(Branch::far_if).chain([Branch::FAR, Branch::LINK]) {
        for offset in [4, 6, 130, 258, 2050, 0xB100, 0xF_FFFC, 1_048_578, 0x12_3456, 0x80_0004, 16_777_218] {
            if !branch.reaches(offset) || branch.plain(offset).is_none() {
                continue;
            }
            let mut asm = Asm::new(&Heap::platform().unwrap());
            assert!(asm.put_branch(branch, offset));
            // It is the branch then.
            assert_eq!(asm.set_branch(0, 100), Some(offset));
            let mut expected = Asm::new(&Heap::platform().unwrap());
            expected.put_branch(branch, 100);
            assert!(asm.code.bytes().eq(expected.code.bytes()));
        }
    }
}

#[test]
fn a_short_branch_goes_where_it_is_told_to() {
    let compare = [false, true].map(|nonzero| Branch::compare(nonzero, Reg(6)));
    let near = CONDS.into_iter().map(Branch::near_if).chain([Branch::NEAR]);
    for branch in near.chain(compare) {
        for offset in [4, 6, 68, 130, 258, 2050].into_iter().filter(|&offset| branch.reaches(offset)) {
            let heap = Heap::platform().unwrap();
            let (mut asm, mut expected) = (Asm::new(&heap), Asm::new(&heap));
            let at = asm.branch_short(branch);
            assert!(expected.put_branch(branch, offset));
            for asm in [&mut asm, &mut expected] {
                while asm.code.len() < offset as usize {
                    asm.nop();
                }
            }
            asm.set_short(at);
            assert!(asm.code.bytes().eq(expected.code.bytes()));
        }
    }
}

#[test]
fn conditions_invert() {
    for cond in CONDS {
        assert_ne!(cond.inverted(), cond);
        assert_eq!(cond.inverted().inverted(), cond);
    }
    assert_eq!(Cond::Lt.inverted(), Cond::Ge);
    assert_eq!(Cond::Hi.inverted(), Cond::Ls);
}

/// All modified immediates: each one's bits give the number back, by the definition of ThumbExpandImm.
#[test]
fn modified_immediates() {
    let expand = |bits: u32| match (bits >> 8, bits & 0xFF) {
        (0, byte) => byte,
        (1, byte) => byte << 16 | byte,
        (2, byte) => byte << 24 | byte << 8,
        (3, byte) => byte << 24 | byte << 16 | byte << 8 | byte,
        _ => (0x80 | bits & 0x7F).rotate_right(bits >> 7),
    };
    for bits in 0..0x1000 {
        let value = expand(bits);
        assert_eq!(expand(modified(value).unwrap()), value, "{value:#x}");
    }
    for value in [0x101, 0x1FF, 0x0102_0304, 0xFFFF_FFFF - 1, 0x00AB_AB00, 0x8000_0001, 0xFFFF] {
        assert_eq!(modified(value), None, "{value:#x}");
    }
}

const SINGLES: [u8; 4] = [0, 1, 16, 31];
const DOUBLES: [u8; 4] = [0, 1, 8, 15];

fn float(reg: Float) -> String {
    match reg {
        Float::S(n) => format!("s{n}"),
        Float::D(n) => format!("d{n}"),
    }
}

#[test]
fn floating_point() {
    let mut cases = Cases::new();
    for (kind, regs) in [("f32", SINGLES.map(Float::S)), ("f64", DOUBLES.map(Float::D))] {
        for (vd, vm) in regs.into_iter().flat_map(|vd| regs.map(|vm| (vd, vm))) {
            for vn in regs {
                for op in [Vfp2::Vadd, Vfp2::Vsub, Vfp2::Vmul, Vfp2::Vdiv] {
                    let text = format!("{}.{kind} {}, {}, {}", lower(op), float(vd), float(vn), float(vm));
                    cases.case(text, |asm| asm.vfp2(op, vd, vn, vm));
                }
            }
            use Vfp1::*;
            for op in [Vmov, Vabs, Vneg, Vsqrt, Vcmp, Vrintz, Vrintn, Vrintp, Vrintm] {
                let text = format!("{}.{kind} {}, {}", lower(op), float(vd), float(vm));
                cases.case(text, |asm| asm.vfp1(op, vd, vm));
            }
        }
        for (int, reg) in SINGLES.into_iter().flat_map(|int| regs.map(|reg| (int, reg))) {
            let reg_name = float(reg);
            for (op, sign) in [(Vcvt::FromS32, "s32"), (Vcvt::FromU32, "u32")] {
                cases.case(format!("vcvt.{kind}.{sign} {reg_name}, s{int}"), |asm| asm.vcvt(op, int, reg));
            }
            for (op, sign) in [(Vcvt::ToS32, "s32"), (Vcvt::ToU32, "u32")] {
                cases.case(format!("vcvt.{sign}.{kind} s{int}, {reg_name}"), |asm| asm.vcvt(op, int, reg));
            }
        }
        for (vd, rn) in regs.into_iter().flat_map(|vd| REGS.map(|rn| (vd, rn))) {
            for offset in [0, 4, 1020, -4, -1020] {
                let operands = format!("{}, [{}, #{offset}]", float(vd), name(rn));
                cases.case(format!("vldr {operands}"), |asm| asm.vmem(true, vd, rn, offset));
                cases.case(format!("vstr {operands}"), |asm| asm.vmem(false, vd, rn, offset));
            }
        }
    }
    for (single, double) in SINGLES.into_iter().flat_map(|single| DOUBLES.map(|double| (single, double))) {
        let (s, d) = (Float::S(single), Float::D(double));
        cases.case(format!("vcvt.f64.f32 d{double}, s{single}"), |asm| asm.vcvt_precision(d, s));
        cases.case(format!("vcvt.f32.f64 s{single}, d{double}"), |asm| asm.vcvt_precision(s, d));
    }
    for rt in REGS {
        for n in SINGLES {
            cases.case(format!("vmov {}, s{n}", name(rt)), |asm| asm.vmov_core(true, rt, n));
            cases.case(format!("vmov s{n}, {}", name(rt)), |asm| asm.vmov_core(false, rt, n));
        }
        for (rt2, n) in
            REGS.into_iter().flat_map(|rt2| DOUBLES.map(|n| (rt2, n))).filter(|(rt2, _)| *rt2 != rt)
        {
            let pair = format!("{}, {}", name(rt), name(rt2));
            cases.case(format!("vmov {pair}, d{n}"), |asm| asm.vmov_core_pair(true, rt, rt2, n));
            cases.case(format!("vmov d{n}, {pair}"), |asm| asm.vmov_core_pair(false, rt, rt2, n));
        }
    }
    cases.case("vmrs APSR_nzcv, fpscr", Asm::vmrs);
    cases.judge("floating_point", M7);
}
