// The handlers of the instructions that programs spend their time in, for Arm's M profile.
//
// One that cannot end what it is to do (a trap, an interrupt, a call of something else than an own function of this engine)
// has changed nothing and goes to `.Lleave`: then the portable executor carries the instruction out, and says what comes
// of it. So nothing here knows of traps.
//
// r4   the present instruction's first word
// r5   the frame
// r6   the memory's first byte
// r7   how many addresses there are at which 4 bytes may be read; 0 for memories of less than 4 bytes
// r8   the context
// r9   the handlers' addresses, in the order of their numbers
// r10  the cells of the instance's own globals
// r11  the value stack
//
// The instance stays the same from the entry to the exit, so all but the first two stay what they are.
// What the fields of an instruction are is said in `isa.rs`; "first", "second" and "third" are the bytes behind its number.

        .syntax unified
        .thumb

// On to the instruction that begins so many words on.
.macro next words
        ldrb    r3, [r4, #4 * \words]!
        ldr     pc, [r9, r3, lsl #2]
.endm

// On to the instruction at r4.
.macro go
        ldrb    r3, [r4]
        ldr     pc, [r9, r3, lsl #2]
.endm

// The value of a cell that a byte names.
.macro first reg
        ldrb    \reg, [r4, #1]
        ldr     \reg, [r5, \reg, lsl #2]
.endm
.macro second reg
        ldrb    \reg, [r4, #2]
        ldr     \reg, [r5, \reg, lsl #2]
.endm
.macro third reg
        ldrb    \reg, [r4, #3]
        ldr     \reg, [r5, \reg, lsl #2]
.endm

// Two cells that a byte names.
.macro first_pair low, high
        ldrb    \high, [r4, #1]
        add     \high, r5, \high, lsl #2
        ldrd    \low, \high, [\high]
.endm
.macro second_pair low, high
        ldrb    \high, [r4, #2]
        add     \high, r5, \high, lsl #2
        ldrd    \low, \high, [\high]
.endm
.macro third_pair low, high
        ldrb    \high, [r4, #3]
        add     \high, r5, \high, lsl #2
        ldrd    \low, \high, [\high]
.endm

// Sets the cell that the first byte names, or two.
.macro result reg
        ldrb    r3, [r4, #1]
        str     \reg, [r5, r3, lsl #2]
.endm
.macro result_pair low, high
        ldrb    r3, [r4, #1]
        add     r3, r5, r3, lsl #2
        strd    \low, \high, [r3]
.endm

// Leaves if someone has interrupted the instance.
.macro poll scratch
        ldr     \scratch, [r8, #{interrupt}]
        cmp     \scratch, #0
        bne     .Lleave
.endm

// ---------------------------------------------------------------------------------------------- entry and exit

// thumb2(out: *mut Place, pc, fp, ctx)
        .section .text.wasmote_interp_thumb2, "ax", %progbits
        .balign 4
        .global wasmote_interp_thumb2
        .type   wasmote_interp_thumb2, %function
        .thumb_func
wasmote_interp_thumb2:
        push    {{r0, r4-r11, lr}}
        mov     r4, r1
        mov     r5, r2
        mov     r8, r3
        ldr     r6, [r8, #{memory_base}]
        ldr     r7, [r8, #{memory_len}]
        ldr     r10, [r8, #{globals}]
        ldr     r11, [r8, #{stack}]
        ldr     r9, .Ltable_address
        subs    r7, #3
        it      lo
        movlo   r7, #0
        go

.Lleave:
        pop     {{r0}}
        strd    r4, r5, [r0]
        pop     {{r4-r11, pc}}

        .balign 4
.Ltable_address:
        .word   .Ltable
.Lentry_address:
        .word   {entry}

// ---------------------------------------------------------------------------------------------- copies

.Lh_copy1:
        ldrh    r0, [r4, #2]
        ldr     r0, [r5, r0, lsl #2]
        result  r0
        next    1

.Lh_copy1_to:
        first   r0
        ldrh    r1, [r4, #2]
        str     r0, [r5, r1, lsl #2]
        next    1

.Lh_copy2:
        ldrh    r1, [r4, #2]
        add     r1, r5, r1, lsl #2
        ldrd    r0, r1, [r1]
        result_pair r0, r1
        next    1

.Lh_copy2_to:
        first_pair r0, r1
        ldrh    r2, [r4, #2]
        add     r2, r5, r2, lsl #2
        strd    r0, r1, [r2]
        next    1

.Lh_const1:
        ldrsh   r0, [r4, #2]
        result  r0
        next    1

.Lh_const1_w:
        ldr     r0, [r4, #4]
        result  r0
        next    2

.Lh_const2:
        ldrsh   r0, [r4, #2]
        asrs    r1, r0, #31
        result_pair r0, r1
        next    1

.Lh_const2_w:
        ldr     r0, [r4, #4]
        asrs    r1, r0, #31
        result_pair r0, r1
        next    2

.Lh_const2_ww:
        ldr     r0, [r4, #4]
        ldr     r1, [r4, #8]
        result_pair r0, r1
        next    3

.Lh_zero:
        ldrb    r0, [r4, #1]
        ldrh    r1, [r4, #2]
        add     r0, r5, r0, lsl #2
        movs    r2, #0
        cbz     r1, 2f
1:      str     r2, [r0], #4
        subs    r1, #1
        bne     1b
2:      next    1

.macro select_source
        ldrh    r0, [r4, #4]
        ldr     r0, [r5, r0, lsl #2]
        ldrb    r1, [r4, #2]
        cbnz    r0, 1f
        ldrb    r1, [r4, #3]
1:
.endm

.Lh_select1:
        select_source
        ldr     r0, [r5, r1, lsl #2]
        result  r0
        next    2

.Lh_select2:
        select_source
        add     r1, r5, r1, lsl #2
        ldrd    r0, r1, [r1]
        result_pair r0, r1
        next    2

.Lh_global_get1:
        ldrh    r0, [r4, #2]
        ldr     r0, [r10, r0, lsl #2]
        result  r0
        next    1

.Lh_global_set1:
        first   r0
        ldrh    r1, [r4, #2]
        str     r0, [r10, r1, lsl #2]
        next    1

.Lh_global_get2:
        ldrh    r1, [r4, #2]
        add     r1, r10, r1, lsl #2
        ldrd    r0, r1, [r1]
        result_pair r0, r1
        next    1

.Lh_global_set2:
        first_pair r0, r1
        ldrh    r2, [r4, #2]
        add     r2, r10, r2, lsl #2
        strd    r0, r1, [r2]
        next    1

// ---------------------------------------------------------------------------------------------- integers

.macro binary name, insn
.Lh_\name:
        second  r0
        third   r1
        \insn   r0, r0, r1
        result  r0
        next    1
.endm

.macro shift name, insn
.Lh_\name:
        second  r0
        third   r1
        and     r1, r1, #31
        \insn   r0, r0, r1
        result  r0
        next    1
.endm

// The last operand is a signed byte.
.macro with_byte name, insn
.Lh_\name:
        second  r0
        ldrsb   r1, [r4, #3]
        \insn   r0, r0, r1
        result  r0
        next    1
.endm

.macro shift_by_byte name, insn
.Lh_\name:
        second  r0
        ldrb    r1, [r4, #3]
        and     r1, r1, #31
        \insn   r0, r0, r1
        result  r0
        next    1
.endm

// The last operand is a word.
.macro with_word name, insn
.Lh_\name:
        second  r0
        ldr     r1, [r4, #4]
        \insn   r0, r0, r1
        result  r0
        next    2
.endm

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
        with_word i32_add_w, adds
        with_word i32_mul_w, mul
        with_word i32_and_w, ands
        with_word i32_or_w, orrs
        with_word i32_xor_w, eors

.Lh_i32_rotl:
        third   r1
        b       .Lrotl
.Lh_i32_rotl_i:
        ldrb    r1, [r4, #3]
.Lrotl:
        second  r0
        rsbs    r1, r1, #0
        and     r1, r1, #31
        rors    r0, r0, r1
        result  r0
        next    1

.Lh_i32_add_8i:
        second  r0
        ldrsb   r1, [r4, #3]
        add     r0, r0, r1, lsl #3
        result  r0
        next    1

.Lh_i32_mask:
        second  r0
        ldrb    r1, [r4, #3]
        mov     r2, #-1
        lsls    r2, r2, r1
        bics    r0, r0, r2
        result  r0
        next    1

// What divides leaves if the divisor is 0, and if the quotient has no place.
.macro divide name, insn, is_signed
.Lh_\name:
        second  r0
        third   r1
        cmp     r1, #0
        beq     .Lleave
    .if \is_signed
        cmp     r1, #-1
        beq     .Lleave
    .endif
        \insn   r0, r0, r1
        result  r0
        next    1
.endm

.macro remainder name, insn
.Lh_\name:
        second  r0
        third   r1
        cmp     r1, #0
        beq     .Lleave
        \insn   r2, r0, r1
        mls     r0, r2, r1, r0
        result  r0
        next    1
.endm

        divide  i32_div_s, sdiv, 1
        divide  i32_div_u, udiv, 0
        remainder i32_rem_s, sdiv
        remainder i32_rem_u, udiv

// A truth value.
.macro truth yes, no
        ite     \yes
        mov\yes r0, #1
        mov\no  r0, #0
        result  r0
        next    1
.endm

.macro compare name, yes, no
.Lh_\name:
        second  r0
        third   r1
        cmp     r0, r1
        truth   \yes, \no
.endm

.macro compare_byte name, yes, no
.Lh_\name:
        second  r0
        ldrsb   r1, [r4, #3]
        cmp     r0, r1
        truth   \yes, \no
.endm

        compare i32_eq, eq, ne
        compare i32_ne, ne, eq
        compare i32_lt_s, lt, ge
        compare i32_le_s, le, gt
        compare i32_lt_u, lo, hs
        compare i32_le_u, ls, hi
        compare_byte i32_eq_i, eq, ne
        compare_byte i32_ne_i, ne, eq
        compare_byte i32_lt_s_i, lt, ge
        compare_byte i32_ge_s_i, ge, lt
        compare_byte i32_lt_u_i, lo, hs
        compare_byte i32_ge_u_i, hs, lo

.macro unary name, insn
.Lh_\name:
        second  r0
        \insn   r0, r0
        result  r0
        next    1
.endm

        unary   i32_clz, clz
        unary   i32_extend8_s, sxtb
        unary   i32_extend16_s, sxth

.Lh_i32_ctz:
        second  r0
        rbit    r0, r0
        clz     r0, r0
        result  r0
        next    1

// ---------------------------------------------------------------------------------------------- integers of 64 bits

.macro pair name, low, high
.Lh_\name:
        second_pair r0, r1
        third_pair r2, r3
        \low    r0, r0, r2
        \high   r1, r1, r3
        result_pair r0, r1
        next    1
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
        result_pair r0, r1
        next    1

.Lh_i64_add_i:
        second_pair r0, r1
        ldrsb   r2, [r4, #3]
        adds    r0, r0, r2
        adc     r1, r1, r2, asr #31
        result_pair r0, r1
        next    1

.Lh_i64_and_i:
        second_pair r0, r1
        ldrsb   r2, [r4, #3]
        ands    r0, r0, r2
        and     r1, r1, r2, asr #31
        result_pair r0, r1
        next    1

.Lh_i64_mask:
        second_pair r0, r1
        ldrb    r2, [r4, #3]
        mov     r3, #-1
        lsl     r12, r3, r2
        bic     r0, r0, r12
        subs    r2, #32
        ite     mi
        movmi   r1, #0
        lslpl   r3, r3, r2
        bics    r1, r3
        result_pair r0, r1
        next    1

// By a number of bits in r2. An instruction that shifts by 32 or more (of which 8 bits count, so by a negative number too)
// leaves 0.
.Lh_i64_shl:
        third   r2
        b       .Lshl
.Lh_i64_shl_i:
        ldrb    r2, [r4, #3]
.Lshl:  second_pair r0, r1
        and     r2, r2, #63
        rsb     r3, r2, #32
        lsls    r1, r1, r2
        lsr     r3, r0, r3
        orrs    r1, r3
        sub     r3, r2, #32
        lsl     r3, r0, r3
        orrs    r1, r3
        lsls    r0, r0, r2
        result_pair r0, r1
        next    1

.Lh_i64_shr_u:
        third   r2
        b       .Lshr_u
.Lh_i64_shr_u_i:
        ldrb    r2, [r4, #3]
.Lshr_u:
        second_pair r0, r1
        and     r2, r2, #63
        rsb     r3, r2, #32
        lsrs    r0, r0, r2
        lsl     r3, r1, r3
        orrs    r0, r3
        sub     r3, r2, #32
        lsr     r3, r1, r3
        orrs    r0, r3
        lsrs    r1, r1, r2
        result_pair r0, r1
        next    1

.Lh_i64_shr_s:
        third   r2
        b       .Lshr_s
.Lh_i64_shr_s_i:
        ldrb    r2, [r4, #3]
.Lshr_s:
        second_pair r0, r1
        and     r2, r2, #63
        rsb     r3, r2, #32
        lsrs    r0, r0, r2
        lsl     r3, r1, r3
        orrs    r0, r3
        subs    r3, r2, #32
        itt     pl
        asrpl   r3, r1, r3
        movpl   r0, r3
        asrs    r1, r1, r2
        result_pair r0, r1
        next    1

.macro compare_pair name, yes, no
.Lh_\name:
        second_pair r0, r1
        third_pair r2, r3
        cmp     r0, r2
        sbcs    r1, r1, r3
        truth   \yes, \no
.endm

.macro same_pair name, yes, no
.Lh_\name:
        second_pair r0, r1
        third_pair r2, r3
        cmp     r0, r2
        it      eq
        cmpeq   r1, r3
        truth   \yes, \no
.endm

// a <= b is not b < a.
.macro compare_pair_swapped name, yes, no
.Lh_\name:
        third_pair r0, r1
        second_pair r2, r3
        cmp     r0, r2
        sbcs    r1, r1, r3
        truth   \yes, \no
.endm

        same_pair i64_eq, eq, ne
        same_pair i64_ne, ne, eq
        compare_pair i64_lt_s, lt, ge
        compare_pair i64_lt_u, lo, hs
        compare_pair_swapped i64_le_s, ge, lt
        compare_pair_swapped i64_le_u, hs, lo

.Lh_i64_eqz:
        second_pair r0, r1
        orrs    r0, r1
        truth   eq, ne

.Lh_i64_extend_i32_s:
        second  r0
        asrs    r1, r0, #31
        result_pair r0, r1
        next    1

.Lh_i64_extend_i32_u:
        second  r0
        movs    r1, #0
        result_pair r0, r1
        next    1

// ---------------------------------------------------------------------------------------------- branches

// A branch backwards polls first. `.Ltaken`: the offset is in the second word, and so much may have to be undone.
.Lh_jump:
        ldr     r0, [r4]
        asrs    r0, r0, #8
        bmi     .Lback
.Lgo_half:
        add     r4, r4, r0, lsl #2
        next    1
.Lback: poll    r1
        b       .Lgo_half

.Lh_jump_if:
        first   r0
        cbnz    r0, .Ltaken_half
        next    1
.Lh_jump_unless:
        first   r0
        cbz     r0, .Ltaken_half
        next    1
.Ltaken_half:
        ldrsh   r0, [r4, #2]
        cmp     r0, #0
        bge     .Lgo_half
        b       .Lback

.Ltaken:
        ldr     r0, [r4, #4]
        cmp     r0, #0
        blt     .Lback_far
.Lgo:   add     r4, r4, r0, lsl #2
        next    2
.Lback_far:
        poll    r1
        b       .Lgo

.macro jump_compare name, yes
.Lh_jump_i32_\name:
        first   r0
        second  r1
        cmp     r0, r1
        b\yes   .Ltaken
        next    2
.endm

// With a signed number of 16 bits.
.macro jump_compare_number name, yes
.Lh_jump_i32_\name:
        first   r0
        ldrsh   r1, [r4, #2]
        cmp     r0, r1
        b\yes   .Ltaken
        next    2
.endm

        jump_compare eq, eq
        jump_compare ne, ne
        jump_compare lt_s, lt
        jump_compare le_s, le
        jump_compare lt_u, lo
        jump_compare le_u, ls
        jump_compare_number eq_i, eq
        jump_compare_number ne_i, ne
        jump_compare_number lt_s_i, lt
        jump_compare_number ge_s_i, ge
        jump_compare_number lt_u_i, lo
        jump_compare_number ge_u_i, hs

// The sum is stored only when it is known that nothing else is to be done.
.Lh_jump_i32_add_if:
        first   r1
        ldrsb   r2, [r4, #2]
        adds    r1, r1, r2
        bne     .Ltaken_sum
        result  r1
        next    2
.Lh_jump_i32_add_ne:
        first   r1
        ldrsb   r2, [r4, #2]
        adds    r1, r1, r2
        // What it is compared with may be the same cell.
        ldrb    r2, [r4, #3]
        ldrb    r3, [r4, #1]
        cmp     r2, r3
        beq     .Lnot_ne
        ldr     r2, [r5, r2, lsl #2]
        cmp     r1, r2
        bne     .Ltaken_sum
.Lnot_ne:
        result  r1
        next    2
.Ltaken_sum:
        ldr     r0, [r4, #4]
        cmp     r0, #0
        bge     1f
        poll    r2
1:      result  r1
        b       .Lgo

// The table's entries are `jump` instructions.
.Lh_jump_table:
        first   r0
        ldrh    r1, [r4, #2]
        subs    r1, #1
        cmp     r0, r1
        it      hi
        movhi   r0, r1
        add     r4, r4, r0, lsl #2
        next    1

.Lh_fuel:
        ldr     r0, [r8, #{fuel}]
        ldr     r1, [r4]
        subs    r0, r0, r1, lsr #8
        blo     .Lborrow
        str     r0, [r8, #{fuel}]
        next    1
// If the upper word is all ones, fuel never ends, and the lower one may be anything.
.Lborrow:
        ldr     r2, [r8, #{fuel} + 4]
        cmp     r2, #0
        beq     .Lleave
        cmp     r2, #-1
        it      ne
        subne   r2, #1
        strd    r0, r2, [r8, #{fuel}]
        next    1

.Lh_poll:
        poll    r0
        next    1

// ---------------------------------------------------------------------------------------------- calls

// Calls own function r0; the instruction has so many words.
.macro enter words
        ldr     r1, [r8, #{funcs}]
        add     r1, r1, r0, lsl #4
        enter_record \words
.endm

// Calls the function with the record at r1, with arguments from the first byte's cell upwards.
.macro enter_record words
        poll    r2
        ldr     r2, [r1, #{record_entry}]
        ldr     r3, .Lentry_address
        cmp     r2, r3
        bne     .Lleave
        ldrb    r0, [r4, #1]
        ldr     r12, [r11, #{control}]
        add     r0, r5, r0, lsl #2
        ldr     r2, [r1, #{record_frame_cells}]
        // Room for this record and a trap's.
        subs    r12, #12
        add     r2, r0, r2, lsl #2
        sub     r3, r12, #12
        cmp     r2, r3
        bhi     .Lleave
        ldr     r3, [r11, #{high_water}]
        cmp     r2, r3
        it      hi
        strhi   r2, [r11, #{high_water}]
        ldr     r3, [r11, #{low_water}]
        cmp     r12, r3
        it      lo
        strlo   r12, [r11, #{low_water}]
        str     r12, [r11, #{control}]
        add     r4, #4 * \words
        stm     r12, {{r4, r5, r8}}
        mov     r5, r0
        ldr     r4, [r1, #{record_code}]
        go
.endm

.Lh_call:
        ldrh    r0, [r4, #2]
        enter   1

// Own functions only; what is not one leaves.
.Lh_call_indirect:
        ldr     r0, [r8, #{tables}]
        ldrb    r1, [r4, #3]
        ldr     r0, [r0, r1, lsl #2]
        second  r1
        ldr     r2, [r0, #{table_len}]
        cmp     r1, r2
        bhs     .Lleave
        ldr     r0, [r0, #{table_elements}]
        ldr     r0, [r0, r1, lsl #2]
        // Of a null reference the instance is not this one either.
        ldr     r2, [r8, #{number}]
        adds    r2, #1
        cmp     r2, r0, lsr #{func_bits}
        bne     .Lleave
        ubfx    r0, r0, #0, #{func_bits}
        ldr     r1, [r8, #{import_funcs}]
        subs    r0, r0, r1
        ldr     r1, [r8, #{funcs}]
        add     r1, r1, r0, lsl #4
        ldr     r2, [r1, #{record_ty}]
        ldr     r3, [r4, #4]
        cmp     r2, r3
        bne     .Lleave
        enter_record 2

// What to go back to: place, frame and instance, of which the latter is this one or else it leaves.
.macro pop_record
        poll    r2
        ldr     r12, [r11, #{control}]
        ldr     r2, [r12, #8]
        cmp     r2, r8
        bne     .Lleave
.endm
.macro go_back
        ldr     r4, [r12], #4
        ldr     r5, [r12], #8
        str     r12, [r11, #{control}]
        go
.endm

.Lh_return0:
        pop_record
        go_back

.Lh_return1:
        pop_record
        first   r0
        str     r0, [r5]
        go_back

.Lh_return2:
        pop_record
        first_pair r0, r1
        strd    r0, r1, [r5]
        go_back

// ---------------------------------------------------------------------------------------------- floats

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
.macro compare_floats name, yes, no
.Lh_\name:
        second_float s0
        third_float s1
        vcmp.f32 s0, s1
        vmrs    APSR_nzcv, fpscr
        truth   \yes, \no
.endm

        float   f32_add, vadd.f32
        float   f32_sub, vsub.f32
        float   f32_mul, vmul.f32
        float   f32_div, vdiv.f32
        convert f32_convert_i32_s, vcvt.f32.s32
        convert f32_convert_i32_u, vcvt.f32.u32
        compare_floats f32_eq, eq, ne
        compare_floats f32_ne, ne, eq
        compare_floats f32_lt, mi, pl
        compare_floats f32_le, ls, hi
    .endif

// ---------------------------------------------------------------------------------------------- memory

// The address in r0 plus the third byte in units of 2^shift; the sum does not wrap.
.macro add_units shift
        ldrb    r1, [r4, #3]
        adds    r0, r0, r1, lsl #\shift
        bhs     .Lleave
.endm

// The same with the second word.
.macro add_offset
        ldr     r1, [r4, #4]
        adds    r0, r0, r1
        bhs     .Lleave
.endm

// Leaves if no 4 bytes lie at r0, or 8. If it is less that is wanted, the portable executor looks at the last three.
.macro check
        cmp     r0, r7
        bhs     .Lleave
.endm
.macro check_8
        adds    r1, r0, #4
        bhs     .Lleave
        cmp     r1, r7
        bhs     .Lleave
.endm

.macro load name, insn, shift
.Lh_\name:
        second  r0
        add_units \shift
        check
        \insn   r0, [r6, r0]
        result  r0
        next    1
.endm

.macro load_w name, insn
.Lh_\name\()_w:
        second  r0
        add_offset
        check
        \insn   r0, [r6, r0]
        result  r0
        next    2
.endm

// The sum of the shifted cell, or two cells, and the word wraps.
.macro load_at name, insn
.Lh_\name\()_at:
        second  r0
        ldrb    r1, [r4, #3]
        ldr     r2, [r4, #4]
        lsls    r0, r0, r1
        adds    r0, r0, r2
        check
        \insn   r0, [r6, r0]
        result  r0
        next    2
.endm

.macro load_sum name, insn
.Lh_\name\()_sum:
        second  r0
        third   r1
        ldr     r2, [r4, #4]
        adds    r0, r0, r1
        adds    r0, r0, r2
        check
        \insn   r0, [r6, r0]
        result  r0
        next    2
.endm

.macro load_abs name, insn
.Lh_\name\()_abs:
        ldrh    r0, [r4, #2]
        check
        \insn   r0, [r6, r0]
        result  r0
        next    1
.endm

        load    i32_load, ldr, 2
        load    i32_load8_s, ldrsb, 0
        load    i32_load8_u, ldrb, 0
        load    i32_load16_s, ldrsh, 1
        load    i32_load16_u, ldrh, 1
        load_w  i32_load, ldr
        load_w  i32_load8_s, ldrsb
        load_w  i32_load8_u, ldrb
        load_w  i32_load16_s, ldrsh
        load_w  i32_load16_u, ldrh
        load_at i32_load, ldr
        load_at i32_load8_u, ldrb
        load_at i32_load16_s, ldrsh
        load_at i32_load16_u, ldrh
        load_sum i32_load, ldr
        load_sum i32_load16_s, ldrsh
        load_abs i32_load, ldr
        load_abs i32_load8_u, ldrb
        load_abs i32_load16_u, ldrh

// Pairs word by word, since they need not be aligned.
.macro load_pair words
        check_8
        add     r0, r6
        ldr     r1, [r0, #4]
        ldr     r0, [r0]
        result_pair r0, r1
        next    \words
.endm

.Lh_i64_load:
        second  r0
        add_units 3
        load_pair 1
.Lh_i64_load_w:
        second  r0
        add_offset
        load_pair 2

.macro store name, insn, shift
.Lh_\name:
        first   r0
        add_units \shift
        check
        second  r1
        \insn   r1, [r6, r0]
        next    1
.endm

.macro store_w name, insn
.Lh_\name\()_w:
        first   r0
        add_offset
        check
        second  r1
        \insn   r1, [r6, r0]
        next    2
.endm

.macro store_i name, insn, shift
.Lh_\name\()_i:
        first   r0
        add_units \shift
        check
        ldrsb   r1, [r4, #2]
        \insn   r1, [r6, r0]
        next    1
.endm

.macro store_abs name, insn
.Lh_\name\()_abs:
        ldrh    r0, [r4, #2]
        check
        first   r1
        \insn   r1, [r6, r0]
        next    1
.endm

        store   i32_store, str, 2
        store   i32_store8, strb, 0
        store   i32_store16, strh, 1
        store_w i32_store, str
        store_w i32_store8, strb
        store_w i32_store16, strh
        store_i i32_store, str, 2
        store_i i32_store8, strb, 0
        store_i i32_store16, strh, 1
        store_abs i32_store, str
        store_abs i32_store8, strb
        store_abs i32_store16, strh

.macro store_pair low, high, words
        add     r0, r6
        str     \low, [r0]
        str     \high, [r0, #4]
        next    \words
.endm

.Lh_i64_store:
        first   r0
        add_units 3
        check_8
        second_pair r1, r2
        store_pair r1, r2, 1
.Lh_i64_store_w:
        first   r0
        add_offset
        check_8
        second_pair r1, r2
        store_pair r1, r2, 2
.Lh_i64_store_i:
        first   r0
        add_units 3
        check_8
        ldrsb   r1, [r4, #2]
        asrs    r2, r1, #31
        store_pair r1, r2, 1

// ---------------------------------------------------------------------------------------------- table

// The entry of an instruction: what carries it out if that is not here is the portable executor.
.macro handler name
    .ifdef .Lh_\name
        .word   .Lh_\name + 1
    .else
        .word   .Lleave + 1
    .endif
.endm
        .balign 4
.Ltable:
