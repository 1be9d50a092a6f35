// Floats. In a build without them nothing is here, or else the runtime's functions would be linked.
    .if {float}

.Lh_f32_abs:
        second  r0
        bic     r0, r0, #0x80000000
        finish  3

.Lh_f32_neg:
        second  r0
        eor     r0, r0, #0x80000000
        finish  3

.Lh_f64_abs:
        second_pair r0, r1
        bic     r1, r1, #0x80000000
        finish_pair_rare 3

.Lh_f64_neg:
        second_pair r0, r1
        eor     r1, r1, #0x80000000
        finish_pair_rare 3

// Calls a function of the ABI's runtime, which keeps r4 to r11 (Run-time ABI for the Arm Architecture, 5.1).
.macro runtime function
        str     lr, [r8, #{fuel}]
        bl      \function
        ldr     lr, [r8, #{fuel}]
.endm

.macro soft_pair name, function
.Lh_\name:
        second_pair r0, r1
        third_pair r2, r3
        runtime \function
        finish_pair_rare 4
.endm

.macro soft_compare_pair name, function
.Lh_\name:
        second_pair r0, r1
        third_pair r2, r3
        runtime \function
        finish_rare 4
.endm

.macro soft_widen name, function
.Lh_\name:
        second  r0
        runtime \function
        finish_pair_rare 3
.endm

        soft_pair f64_add, __aeabi_dadd
        soft_pair f64_sub, __aeabi_dsub
        soft_pair f64_mul, __aeabi_dmul
        soft_pair f64_div, __aeabi_ddiv
        soft_compare_pair f64_eq, __aeabi_dcmpeq
        soft_compare_pair f64_lt, __aeabi_dcmplt
        soft_compare_pair f64_le, __aeabi_dcmple
        soft_widen f64_convert_i32_s, __aeabi_i2d
        soft_widen f64_convert_i32_u, __aeabi_ui2d

.Lh_f64_ne:
        second_pair r0, r1
        third_pair r2, r3
        runtime __aeabi_dcmpeq
        eor     r0, r0, #1
        finish_rare 4

.Lh_f32_demote_f64:
        second_pair r0, r1
        runtime __aeabi_d2f
        finish_rare 3

    .if {fpu}
        .fpu    fpv4-sp-d16
// Through registers, which takes an instruction less for two operands.
.macro float name, insn, finish
.Lh_\name:
        second  r0
        third   r1
        vmov    s0, s1, r0, r1
        \insn   s0, s0, s1
        vmov    r0, s0
        \finish 4
.endm

.macro convert name, insn
.Lh_\name:
        second  r0
        vmov    s0, r0
        \insn   s0, s0
        vmov    r0, s0
        finish_rare 3
.endm

// What is not ordered is neither equal nor less.
.macro compare_floats name, yes
.Lh_\name:
        second  r0
        third   r1
        vmov    s0, s1, r0, r1
        vcmp.f32 s0, s1
        vmrs    APSR_nzcv, fpscr
        truth   \yes
.endm

        float   f32_add, vadd.f32, finish
        float   f32_sub, vsub.f32, finish
        float   f32_mul, vmul.f32, finish
        float   f32_div, vdiv.f32, finish_rare
        convert f32_convert_i32_s, vcvt.f32.s32
        convert f32_convert_i32_u, vcvt.f32.u32
        compare_floats f32_eq, eq
        compare_floats f32_ne, ne
        compare_floats f32_lt, mi
        compare_floats f32_le, ls

    .else

.macro soft name, function
.Lh_\name:
        second  r0
        third   r1
        runtime \function
        finish_rare 4
.endm

.macro soft_unary name, function
.Lh_\name:
        second  r0
        runtime \function
        finish_rare 3
.endm

        soft    f32_add, __aeabi_fadd
        soft    f32_sub, __aeabi_fsub
        soft    f32_mul, __aeabi_fmul
        soft    f32_div, __aeabi_fdiv
        soft    f32_eq, __aeabi_fcmpeq
        soft    f32_lt, __aeabi_fcmplt
        soft    f32_le, __aeabi_fcmple
        soft_unary f32_convert_i32_s, __aeabi_i2f
        soft_unary f32_convert_i32_u, __aeabi_ui2f

.Lh_f32_ne:
        second  r0
        third   r1
        runtime __aeabi_fcmpeq
        eor     r0, r0, #1
        finish_rare 4

    .endif
    .endif
