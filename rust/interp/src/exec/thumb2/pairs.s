// Integers of 64 bits, in two cells.

.macro pair name, low, high
.Lh_\name:
        second_pair r0, r1
        third_pair r2, r3
        \low    r0, r0, r2
        \high   r1, r1, r3
        finish_pair 4
.endm

        pair    i64_add, adds, adcs
        pair    i64_sub, subs, sbcs
        pair    i64_and, ands, ands
        pair    i64_or, orrs, orrs
        pair    i64_xor, eors, eors

.Lh_i64_mul:
        second_pair r0, r1
        third_pair r2, r3
        muls    r1, r2, r1
        mla     r3, r0, r3, r1
        umull   r0, r1, r0, r2
        add     r1, r1, r3
        finish_pair 4

.Lh_i64_add_i:
        second_pair r0, r1
        ldrsb   r2, [r4, #3]
        adds    r0, r0, r2
        adc     r1, r1, r2, asr #31
        finish_pair 4

.Lh_i64_and_i:
        second_pair r0, r1
        ldrsb   r2, [r4, #3]
        ands    r0, r0, r2
        and     r1, r1, r2, asr #31
        finish_pair 4

.Lh_i64_and_w:
        second  r0
        ldr     r2, [r4, #3]
        ands    r0, r0, r2
        movs    r1, #0
        finish_pair 7

.Lh_i64_mask:
        second_pair r0, r1
        ldrb    r2, [r4, #3]
        lsls    r1, r1, r2
        lsrs    r1, r1, r2
        subs    r2, #32
        itt     pl
        lslpl   r0, r2
        lsrpl   r0, r2
        finish_pair 4

// By a number of bits in r2, and by a byte, which is less than 64. An instruction that shifts by 32 or more leaves 0.
.Lh_i64_shl:
        third   r2
        and     r2, r2, #63
        b       .Lshl
.Lh_i64_shl_i:
        ldrb    r2, [r4, #3]
.Lshl:  second_pair r0, r1
        subs    r3, r2, #32
        bhs     1f
        rsbs    r3, r3, #0
        lsls    r1, r1, r2
        lsr     r3, r0, r3
        orrs    r1, r3
        b       2f
1:      lsl     r1, r0, r3
2:      lsls    r0, r0, r2
        finish_pair 4

.macro shift_pair_right name, insn
.Lh_\name:
        third   r2
        and     r2, r2, #63
        b       .Lshift_\name
.Lh_\name\()_i:
        ldrb    r2, [r4, #3]
.Lshift_\name:
        second_pair r0, r1
        subs    r3, r2, #32
        bhs     1f
        rsbs    r3, r3, #0
        lsrs    r0, r0, r2
        lsl     r3, r1, r3
        orrs    r0, r3
        b       2f
1:      \insn   r0, r1, r3
2:      \insn\()s r1, r1, r2
        finish_pair 4
.endm

        shift_pair_right i64_shr_s, asr
        shift_pair_right i64_shr_u, lsr

// Left by r2, or right by as much as left by what is missing.
.Lh_i64_rotr:
        third   r2
        rsbs    r2, r2, #0
        b       .Lrotl
.Lh_i64_rotl:
        third   r2
.Lrotl: second_pair r0, r1
        lsls    r3, r2, #26
        bpl     1f
        mov     r3, r0
        mov     r0, r1
        mov     r1, r3
1:      and     r2, r2, #31
        rsb     r3, r2, #32
        lsr     r12, r1, r3
        lsls    r1, r1, r2
        lsr     r3, r0, r3
        orrs    r1, r3
        lsls    r0, r0, r2
        orr     r0, r0, r12
        finish_pair_rare 4

// The quotient of the least number and -1 has no place.
.Lh_i64_div_s:
        third_pair r2, r3
        ands    r3, r3, r2
        adds    r3, #1
        bne     1f
        second_pair r0, r1
        eor     r1, r1, #0x80000000
        orrs    r0, r1
        beq     .Ltrap_overflow
1:      movs    r0, #{i64_div_s}
.Ldivide_pair:
        mov     r12, r0
        third_pair r2, r3
        orrs    r0, r2, r3
        beq     .Ltrap_zero
        second_pair r0, r1
        str     r12, [sp, #-8]!
        runtime {divide_by_words}
        add     sp, #8
        finish_pair_rare 4

.macro divide_pair name, number
.Lh_\name:
        movs    r0, #\number
        b       .Ldivide_pair
.endm

        divide_pair i64_div_u, {i64_div_u}
        divide_pair i64_rem_s, {i64_rem_s}
        divide_pair i64_rem_u, {i64_rem_u}

.macro compare_pair name, yes
.Lh_\name:
        second_pair r0, r1
        third_pair r2, r3
        cmp     r0, r2
        sbcs    r1, r1, r3
        truth   \yes
.endm

.macro same_pair name, yes
.Lh_\name:
        second_pair r0, r1
        third_pair r2, r3
        cmp     r0, r2
        it      eq
        cmpeq   r1, r3
        truth   \yes
.endm

// a <= b is not b < a.
.macro compare_pair_swapped name, yes
.Lh_\name:
        third_pair r0, r1
        second_pair r2, r3
        cmp     r0, r2
        sbcs    r1, r1, r3
        truth   \yes
.endm

        same_pair i64_eq, eq
        same_pair i64_ne, ne
        compare_pair i64_lt_s, lt
        compare_pair i64_lt_u, lo
        compare_pair_swapped i64_le_s, ge
        compare_pair_swapped i64_le_u, hs

.Lh_i64_eqz:
        second_pair r0, r1
        orrs    r0, r1
        ite     eq
        moveq   r0, #1
        movne   r0, #0
        finish  3

.Lh_i64_extend_i32_s:
        second  r0
        asrs    r1, r0, #31
        finish_pair 3

.Lh_i64_extend_i32_u:
        second  r0
        movs    r1, #0
        finish_pair 3
