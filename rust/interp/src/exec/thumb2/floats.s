// Floats of 32 bits.

.Lh_f32_abs:
        second  r0
        bic     r0, r0, #0x80000000
        result  r0
        next    1

.Lh_f32_neg:
        second  r0
        eor     r0, r0, #0x80000000
        result  r0
        next    1

// The others only with an FPU, or else the runtime's functions do it.
    .if {fpu}
        .fpu    fpv4-sp-d16
.macro second_float reg
        ldrb    r0, [r4, #2]
        add     r0, r5, r0, lsl #2
        vldr    \reg, [r0]
.endm
.macro third_float reg
        ldrb    r0, [r4, #3]
        add     r0, r5, r0, lsl #2
        vldr    \reg, [r0]
.endm
.macro result_float reg
        ldrb    r3, [r4, #1]
        add     r3, r5, r3, lsl #2
        vstr    \reg, [r3]
.endm

.macro float name, insn
.Lh_\name:
        second_float s0
        third_float s1
        \insn   s0, s0, s1
        result_float s0
        next    1
.endm

.macro convert name, insn
.Lh_\name:
        second_float s0
        \insn   s0, s0
        result_float s0
        next    1
.endm

// What is not ordered is neither equal nor less.
.macro compare_floats name, yes
.Lh_\name:
        second_float s0
        third_float s1
        vcmp.f32 s0, s1
        vmrs    APSR_nzcv, fpscr
        truth   \yes
.endm

        float   f32_add, vadd.f32
        float   f32_sub, vsub.f32
        float   f32_mul, vmul.f32
        float   f32_div, vdiv.f32
        convert f32_convert_i32_s, vcvt.f32.s32
        convert f32_convert_i32_u, vcvt.f32.u32
        compare_floats f32_eq, eq
        compare_floats f32_ne, ne
        compare_floats f32_lt, mi
        compare_floats f32_le, ls
    .endif
