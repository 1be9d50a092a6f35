// Copies, constants, globals, and integers of 32 bits.

.Lh_copy1:
        second  r0
        finish 3

.Lh_copy2:
        second_pair r0, r1
        finish_pair 3

.Lh_copy1_far:
        ldrh    r0, [r4, #3]
        ldrh    r1, [r4, #1]
        ldr     r0, [r5, r0, lsl #2]
        str     r0, [r5, r1, lsl #2]
        next    5

.Lh_copy2_far:
        ldrh    r1, [r4, #3]
        ldrh    r2, [r4, #1]
        add     r1, r5, r1, lsl #2
        add     r2, r5, r2, lsl #2
        ldrd    r0, r1, [r1]
        strd    r0, r1, [r2]
        next    5

.Lh_const1:
        ldrsb   r0, [r4, #2]
        finish  3

.Lh_const1_h:
        ldrsh   r0, [r4, #2]
        finish 4

.Lh_const1_w:
        ldr     r0, [r4, #2]
        finish 6

.Lh_const2:
        ldrsh   r0, [r4, #2]
        asrs    r1, r0, #31
        finish_pair 4

.Lh_const2_w:
        ldr     r0, [r4, #2]
        asrs    r1, r0, #31
        finish_pair 6

.Lh_const2_ww:
        ldr     r0, [r4, #2]
        ldr     r1, [r4, #6]
        finish_pair 10

.Lh_zero:
        ldrb    r0, [r4, #1]
        ldrb    r1, [r4, #2]
        add     r0, r5, r0, lsl #2
        movs    r2, #0
        cbz     r1, 2f
1:      str     r2, [r0], #4
        subs    r1, #1
        bne     1b
2:      next    3

.macro select_source
        ldrb    r0, [r4, #4]
        ldr     r0, [r5, r0, lsl #2]
        ldrb    r1, [r4, #2]
        cbnz    r0, 1f
        ldrb    r1, [r4, #3]
1:
.endm

.Lh_select1:
        select_source
        ldr     r0, [r5, r1, lsl #2]
        finish  5

.Lh_select2:
        select_source
        add     r1, r5, r1, lsl #2
        ldrd    r0, r1, [r1]
        finish_pair 5

.Lh_global_get1:
        ldrb    r0, [r4, #2]
        ldr     r0, [r10, r0, lsl #2]
        finish  3

.Lh_global_set1:
        first   r0
        ldrb    r1, [r4, #2]
        str     r0, [r10, r1, lsl #2]
        next    3

.Lh_global_get2:
        ldrb    r1, [r4, #2]
        add     r1, r10, r1, lsl #2
        ldrd    r0, r1, [r1]
        finish_pair 3

.Lh_global_set2:
        first_pair r0, r1
        ldrb    r2, [r4, #2]
        add     r2, r10, r2, lsl #2
        strd    r0, r1, [r2]
        next    3

.macro binary name, insn
.Lh_\name:
        second  r0
        third   r1
        \insn   r0, r0, r1
        finish  4
.endm

.macro shift name, insn
.Lh_\name:
        second  r0
        third   r1
        and     r1, r1, #31
        \insn   r0, r0, r1
        finish  4
.endm

// The last operand is a signed byte.
.macro with_byte name, insn
.Lh_\name:
        second  r0
        ldrsb   r1, [r4, #3]
        \insn   r0, r0, r1
        finish  4
.endm

// A byte to shift by is less than the number of bits.
.macro shift_by_byte name, insn
.Lh_\name:
        second  r0
        ldrb    r1, [r4, #3]
        \insn   r0, r0, r1
        finish  4
.endm

// The last operand has 32 bits.
.macro with_word name, insn
.Lh_\name:
        second  r0
        ldr     r1, [r4, #3]
        \insn   r0, r0, r1
        finish  7
.endm

.Lh_i32_add_h:
        second  r0
        ldrsh   r1, [r4, #3]
        adds    r0, r0, r1
        finish 5

        binary  i32_add, adds
        binary  i32_sub, subs
        binary  i32_mul, mul
        binary  i32_and, ands
        binary  i32_or, orrs
        binary  i32_xor, eors
        shift   i32_shl, lsls
        shift   i32_shr_s, asrs
        shift   i32_shr_u, lsrs
        shift   i32_rotr, rors
        with_byte i32_add_i, adds
        with_byte i32_mul_i, mul
        with_byte i32_and_i, ands
        with_byte i32_or_i, orrs
        with_byte i32_xor_i, eors
        shift_by_byte i32_shl_i, lsls
        shift_by_byte i32_shr_s_i, asrs
        shift_by_byte i32_shr_u_i, lsrs
        shift_by_byte i32_rotr_i, rors
        with_word i32_add_w, adds
        with_word i32_mul_w, mul
        with_word i32_and_w, ands
        with_word i32_or_w, orrs
        with_word i32_xor_w, eors

.Lh_i32_rotl:
        second  r0
        third   r1
        rsbs    r1, r1, #0
        and     r1, r1, #31
        rors    r0, r0, r1
        finish_rare 4

.Lh_i32_add_8i:
        second  r0
        ldrsb   r1, [r4, #3]
        add     r0, r0, r1, lsl #3
        finish  4

.Lh_i32_mask:
        second  r0
        ldrb    r1, [r4, #3]
        lsls    r0, r0, r1
        lsrs    r0, r0, r1
        finish  4

.macro divide name, insn
.Lh_\name:
        second  r0
        third   r1
        cmp     r1, #0
        beq     .Ltrap_zero
        \insn   r0, r0, r1
        finish_rare 4
.endm

// The quotient of the least number and -1 is that number, which its remainder of 0 follows from; but it has no place.
.macro remainder name, insn
.Lh_\name:
        second  r0
        third   r1
        cmp     r1, #0
        beq     .Ltrap_zero
        \insn   r2, r0, r1
        mls     r0, r2, r1, r0
        finish_rare 4
.endm

.Lh_i32_div_s:
        second  r0
        third   r1
        cbz     r1, 8f
        cmp     r1, #-1
        it      eq
        cmpeq   r0, #0x80000000
        beq     .Ltrap_overflow
        sdiv    r0, r0, r1
        finish_rare 4
8:      b       .Ltrap_zero

        divide  i32_div_u, udiv
        remainder i32_rem_s, sdiv
        remainder i32_rem_u, udiv

// A truth value.
.macro truth yes
        b\yes   .Ltrue
        b       .Lfalse
.endm
.Ltrue: movs    r0, #1
        finish  4
.Lfalse:
        movs    r0, #0
        finish  4

.macro compare name, yes
.Lh_\name:
        second  r0
        third   r1
        cmp     r0, r1
        truth   \yes
.endm

.macro compare_byte name, yes
.Lh_\name:
        second  r0
        ldrsb   r1, [r4, #3]
        cmp     r0, r1
        truth   \yes
.endm

        compare i32_eq, eq
        compare i32_ne, ne
        compare i32_lt_s, lt
        compare i32_le_s, le
        compare i32_lt_u, lo
        compare i32_le_u, ls
        compare_byte i32_eq_i, eq
        compare_byte i32_ne_i, ne
        compare_byte i32_lt_s_i, lt
        compare_byte i32_ge_s_i, ge
        compare_byte i32_lt_u_i, lo
        compare_byte i32_ge_u_i, hs

.macro unary name, insn
.Lh_\name:
        second  r0
        \insn   r0, r0
        finish  3
.endm

        unary   i32_clz, clz
        unary   i32_extend8_s, sxtb
        unary   i32_extend16_s, sxth

.Lh_i32_ctz:
        second  r0
        rbit    r0, r0
        clz     r0, r0
        finish_rare 3
