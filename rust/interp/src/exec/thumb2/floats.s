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

.macro soft_pair name, function
.Lh_\name:
        second_pair r0, r1
        third_pair r2, r3
        runtime \function
        finish_pair_rare 4
.endm

.macro soft_widen name, function
.Lh_\name:
        second  r0
        runtime \function
        finish_pair_rare 3
.endm

// NaN becomes a quiet one, as hardware sees to.
.Lh_f64_promote_f32:
        second  r0
        lsls    r1, r0, #1
        cmp     r1, #0xFF000000
        it      hi
        orrhi   r0, r0, #0x400000
        runtime __aeabi_f2d
        finish_pair_rare 3

.Lh_f32_copysign:
        second  r1
        third   r0
        bfi     r0, r1, #0, #31
        finish_rare 4

.Lh_f64_copysign:
        second_pair r0, r2
        ldrb    r1, [r4, #3]
        add     r1, r5, r1, lsl #2
        ldr     r1, [r1, #4]
        bfi     r1, r2, #0, #31
        finish_pair_rare 4

// r6 counts in these and the comparisons: it is found again at the end.
//
// The lesser one is the first if, taken for integers with signs, it is less, or else if both are negative. So -0 is less than 0. Of
// NaN it becomes a quiet one.
.macro nan_to place, reg
        lsls    r2, \reg, #1
        cmp     r2, #0xFF000000
        bhi     \place
.endm
.Lh_f32_min:
        movs    r3, #0
        b       1f
.Lh_f32_max:
        movs    r3, #1
1:      second  r0
        third   r1
        nan_to  3f, r0
        nan_to  2f, r1
        tst     r0, r1
        it      mi
        eormi   r3, r3, #1
        cmp     r0, r1
        it      lt
        eorlt   r3, r3, #1
        cbnz    r3, 4f
        mov     r0, r1
        b       4f
2:      mov     r0, r1
3:      orr     r0, r0, #0x400000
4:      finish_rare 4

.macro nan_pair_to place, low, high
        lsls    r12, \high, #1
        cmp     \low, #0
        it      ne
        orrne   r12, r12, #1
        cmn     r12, #0x200000
        bhi     \place
.endm
.Lh_f64_min:
        movs    r6, #0
        b       1f
.Lh_f64_max:
        movs    r6, #1
1:      second_pair r0, r1
        third_pair r2, r3
        nan_pair_to 3f, r0, r1
        nan_pair_to 2f, r2, r3
        tst     r1, r3
        it      mi
        eormi   r6, r6, #1
        cmp     r0, r2
        sbcs    r12, r1, r3
        it      lt
        eorlt   r6, r6, #1
        cbnz    r6, 4f
        mov     r0, r2
        mov     r1, r3
        b       4f
2:      mov     r0, r2
        mov     r1, r3
3:      orr     r1, r1, #0x80000
4:      ldr     r6, [r8, #{memory_base}]
        finish_pair_rare 4

        soft_pair f64_add, __aeabi_dadd
        soft_pair f64_sub, __aeabi_dsub
        soft_pair f64_mul, __aeabi_dmul
        soft_pair f64_div, __aeabi_ddiv
        soft_widen f64_convert_i32_s, __aeabi_i2d
        soft_widen f64_convert_i32_u, __aeabi_ui2d

// Which of eq, ne, lt and le hold, as bits from the lowest: of numbers that are the same, of the first being less, and of the rest,
// NaN included. Zeros are the same.
.Lh_f64_eq:
        movs    r6, #0
        b       1f
.Lh_f64_ne:
        movs    r6, #1
        b       1f
.Lh_f64_lt:
        movs    r6, #2
        b       1f
.Lh_f64_le:
        movs    r6, #3
1:      second_pair r0, r1
        third_pair r2, r3
        nan_pair_to 5f, r0, r1
        nan_pair_to 5f, r2, r3
        orr     r12, r1, r3
        lsl     r12, r12, #1
        orr     r12, r12, r0
        orrs    r12, r12, r2
        it      eq
        moveq   r1, r3
        cmp     r0, r2
        it      eq
        cmpeq   r1, r3
        beq     4f
        tst     r1, r3
        bmi     2f
        cmp     r0, r2
        sbcs    r12, r1, r3
        b       3f
2:      cmp     r2, r0
        sbcs    r12, r3, r1
3:      bge     5f
        movs    r0, #0b1110
        b       6f
4:      movs    r0, #0b1001
        b       6f
5:      movs    r0, #0b0010
6:      lsrs    r0, r0, r6
        and     r0, r0, #1
        ldr     r6, [r8, #{memory_base}]
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
