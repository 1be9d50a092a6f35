// The handlers of the instructions that programs spend their time in, for Arm's M profile.
//
// One that cannot do what it is to do (a call of something else than an own function of this engine) has changed nothing
// and goes to `.Lleave`: then the portable executor carries the instruction out. What traps goes to `.Ltrap_*`.
//
// r4   the present instruction's first word
// r5   the frame
// r6   the memory's first byte
// r7   how many addresses there are at which 4 bytes may be read
// r8   the context
// r9   the handlers' addresses, in the order of their numbers
// r10  the cells of the instance's own globals
// r11  the value stack
// lr   the lower word of the fuel left
//
// As long as the instance stays the same, r6 to r11 do.
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

// Traps if someone has interrupted the instance. `interrupted` is to follow within 126 bytes.
.macro poll scratch
        ldr     \scratch, [r8, #{interrupt}]
        cbnz    \scratch, 9f
.endm
.macro interrupted
9:      b       .Ltrap_interrupted
.endm

// ---------------------------------------------------------------------------------------------- entry and exit

// wasmote_interp_thumb2(place: *mut Place): begins where that says, and writes there where it has ended. Returns a trap's
// code, or 0 if the portable executor is to carry out what is there.
        .section .text.wasmote_interp_thumb2, "ax", %progbits
        .balign 4
        .global wasmote_interp_thumb2
        .type   wasmote_interp_thumb2, %function
        .thumb_func
wasmote_interp_thumb2:
        push    {{r0, r4-r11, lr}}
        ldm     r0, {{r4, r5, r8}}
        bl      .Linstance
        go

// What is known of the instance r8.
.Linstance:
        ldr     r6, [r8, #{memory_base}]
        ldr     r7, [r8, #{memory_len}]
        ldr     r10, [r8, #{globals}]
        ldr     r11, [r8, #{stack}]
        ldr     r9, .Ltable_address
        subs    r7, #3
        it      lo
        movlo   r7, #0
        mov     r3, lr
        ldr     lr, [r8, #{fuel}]
        bx      r3

.macro trap name, code
.Ltrap_\name:
        movs    r0, #\code
        b       .Lend
.endm
        trap    interrupted, {trap_interrupted}
        trap    fuel, {trap_fuel}
        trap    memory, {trap_memory}
        trap    zero, {trap_zero}
        trap    overflow, {trap_overflow}
        trap    table, {trap_table}
        trap    null, {trap_null}
        trap    signature, {trap_signature}
        trap    stack, {trap_stack}
.Lleave:
        movs    r0, #0
.Lend:  str     lr, [r8, #{fuel}]
        pop     {{r1}}
        stm     r1, {{r4, r5, r8}}
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

.macro divide name, insn
.Lh_\name:
        second  r0
        third   r1
        cmp     r1, #0
        beq     .Ltrap_zero
        \insn   r0, r0, r1
        result  r0
        next    1
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
        result  r0
        next    1
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
        result  r0
        next    1
8:      b       .Ltrap_zero

        divide  i32_div_u, udiv
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

// A branch backwards polls before anything has changed. `.Ltaken`: the offset is in the second word.
.Lh_jump:
        ldr     r0, [r4]
        asrs    r0, r0, #8
        bmi     .Lback
.Lgo_half:
        add     r4, r4, r0, lsl #2
        next    1
.Lback: poll    r1
        add     r4, r4, r0, lsl #2
        next    1
        interrupted

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
        add     r4, r4, r0, lsl #2
        next    2
        interrupted

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
        add     r4, r4, r0, lsl #2
        next    2
        interrupted

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
        ldr     r0, [r4]
        subs    lr, lr, r0, lsr #8
        blo     .Lborrow
        next    1
// If the upper word is all ones, fuel never ends, and the lower one may be anything.
.Lborrow:
        ldr     r2, [r8, #{fuel} + 4]
        cbz     r2, 8f
        cmp     r2, #-1
        it      ne
        subne   r2, #1
        str     r2, [r8, #{fuel} + 4]
        next    1
8:      add     lr, lr, r0, lsr #8
        b       .Ltrap_fuel

.Lh_poll:
        poll    r0
        next    1
        interrupted

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
        bhi     .Ltrap_stack
        ldr     r3, [r11, #{high_water}]
        cmp     r2, r3
        bhi     6f
5:      ldr     r3, [r11, #{low_water}]
        cmp     r12, r3
        blo     8f
7:      str     r12, [r11, #{control}]
        add     r4, #4 * \words
        stm     r12, {{r4, r5, r8}}
        mov     r5, r0
        ldr     r4, [r1, #{record_code}]
        go
        interrupted
6:      str     r2, [r11, #{high_water}]
        b       5b
8:      str     r12, [r11, #{low_water}]
        b       7b
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
        bhs     .Ltrap_table
        ldr     r0, [r0, #{table_elements}]
        ldr     r0, [r0, r1, lsl #2]
        cmp     r0, #0
        beq     .Ltrap_null
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
        bne     .Ltrap_signature
        enter_record 2

// Back to where the innermost record says.
.macro go_back
        ldr     r12, [r11, #{control}]
        ldm     r12!, {{r0, r1, r2}}
        str     r12, [r11, #{control}]
        mov     r4, r0
        mov     r5, r1
        cmp     r2, r8
        bne     .Lother_instance
        go
        interrupted
.endm

.Lh_return0:
        poll    r2
        go_back

.Lh_return1:
        poll    r2
        first   r0
        str     r0, [r5]
        go_back

.Lh_return2:
        poll    r2
        first_pair r0, r1
        strd    r0, r1, [r5]
        go_back

.Lother_instance:
        str     lr, [r8, #{fuel}]
        mov     r8, r2
        bl      .Linstance
        go

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
        bhs     .Ltrap_memory
.endm

// The same with the second word.
.macro add_offset
        ldr     r1, [r4, #4]
        adds    r0, r0, r1
        bhs     .Ltrap_memory
.endm

// Carries out a load or store at the memory's address r0 if so many bytes are there. Near the end of the memory it is looked
// at exactly.
.macro checked bytes, insn, reg
        cmp     r0, r7
    .if \bytes == 4
        bhs     .Ltrap_memory
    .else
        bhs     8f
    .endif
7:      \insn   \reg, [r6, r0]
.endm
.macro near_end bytes
    .if \bytes != 4
8:      mov     r12, lr
        bl      .Lnear_end_\bytes
        b       7b
    .endif
.endm
.macro look bytes
.Lnear_end_\bytes:
        ldr     r2, [r8, #{memory_len}]
        subs    r2, #\bytes
        blo     .Lbeyond
        cmp     r0, r2
        bhi     .Lbeyond
        mov     r2, lr
        mov     lr, r12
        bx      r2
.endm
        look    1
        look    2
.Lbeyond:
        mov     lr, r12
        b       .Ltrap_memory

// The address of 8 bytes at r0 in the memory. Loads and stores of pairs go word by word, since they need not be aligned.
.macro place_of_pair
        adds    r1, r0, #4
        bhs     .Ltrap_memory
        cmp     r1, r7
        bhs     .Ltrap_memory
        add     r0, r6
.endm

.macro load name, insn, bytes, shift
.Lh_\name:
        second  r0
        add_units \shift
        checked \bytes, \insn, r0
        result  r0
        next    1
        near_end \bytes
.endm

.macro load_w name, insn, bytes
.Lh_\name\()_w:
        second  r0
        add_offset
        checked \bytes, \insn, r0
        result  r0
        next    2
        near_end \bytes
.endm

// The sum of the shifted cell, or two cells, and the word wraps.
.macro load_at name, insn, bytes
.Lh_\name\()_at:
        second  r0
        ldrb    r1, [r4, #3]
        ldr     r2, [r4, #4]
        lsls    r0, r0, r1
        adds    r0, r0, r2
        checked \bytes, \insn, r0
        result  r0
        next    2
        near_end \bytes
.endm

.macro load_sum name, insn, bytes
.Lh_\name\()_sum:
        second  r0
        third   r1
        ldr     r2, [r4, #4]
        adds    r0, r0, r1
        adds    r0, r0, r2
        checked \bytes, \insn, r0
        result  r0
        next    2
        near_end \bytes
.endm

.macro load_abs name, insn, bytes
.Lh_\name\()_abs:
        ldrh    r0, [r4, #2]
        checked \bytes, \insn, r0
        result  r0
        next    1
        near_end \bytes
.endm

        load    i32_load, ldr, 4, 2
        load    i32_load8_s, ldrsb, 1, 0
        load    i32_load8_u, ldrb, 1, 0
        load    i32_load16_s, ldrsh, 2, 1
        load    i32_load16_u, ldrh, 2, 1
        load_w  i32_load, ldr, 4
        load_w  i32_load8_s, ldrsb, 1
        load_w  i32_load8_u, ldrb, 1
        load_w  i32_load16_s, ldrsh, 2
        load_w  i32_load16_u, ldrh, 2
        load_at i32_load, ldr, 4
        load_at i32_load8_u, ldrb, 1
        load_at i32_load16_s, ldrsh, 2
        load_at i32_load16_u, ldrh, 2
        load_sum i32_load, ldr, 4
        load_sum i32_load16_s, ldrsh, 2
        load_abs i32_load, ldr, 4
        load_abs i32_load8_u, ldrb, 1
        load_abs i32_load16_u, ldrh, 2

.macro load_pair words
        place_of_pair
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

.macro store name, insn, bytes, shift
.Lh_\name:
        first   r0
        add_units \shift
        second  r1
        checked \bytes, \insn, r1
        next    1
        near_end \bytes
.endm

.macro store_w name, insn, bytes
.Lh_\name\()_w:
        first   r0
        add_offset
        second  r1
        checked \bytes, \insn, r1
        next    2
        near_end \bytes
.endm

.macro store_i name, insn, bytes, shift
.Lh_\name\()_i:
        first   r0
        add_units \shift
        ldrsb   r1, [r4, #2]
        checked \bytes, \insn, r1
        next    1
        near_end \bytes
.endm

.macro store_abs name, insn, bytes
.Lh_\name\()_abs:
        ldrh    r0, [r4, #2]
        first   r1
        checked \bytes, \insn, r1
        next    1
        near_end \bytes
.endm

        store   i32_store, str, 4, 2
        store   i32_store8, strb, 1, 0
        store   i32_store16, strh, 2, 1
        store_w i32_store, str, 4
        store_w i32_store8, strb, 1
        store_w i32_store16, strh, 2
        store_i i32_store, str, 4, 2
        store_i i32_store8, strb, 1, 0
        store_i i32_store16, strh, 2, 1
        store_abs i32_store, str, 4
        store_abs i32_store8, strb, 1
        store_abs i32_store16, strh, 2

.macro store_pair low, high, words
        str     \low, [r0]
        str     \high, [r0, #4]
        next    \words
.endm

.Lh_i64_store:
        first   r0
        add_units 3
        place_of_pair
        second_pair r1, r2
        store_pair r1, r2, 1
.Lh_i64_store_w:
        first   r0
        add_offset
        place_of_pair
        second_pair r1, r2
        store_pair r1, r2, 2
.Lh_i64_store_i:
        first   r0
        add_units 3
        place_of_pair
        ldrsb   r1, [r4, #2]
        asrs    r2, r1, #31
        store_pair r1, r2, 1

// ---------------------------------------------------------------------------------------------- table

// The entry of an instruction: what is not here is left to the portable executor. `whole`: which has no handler for it.
.macro handler name, whole
    .ifdef .Lh_\name
        .word   .Lh_\name + 1
    .else
        .word   .Lleave + 1
        .if \whole
        .error  "there must be a handler of \name"
        .endif
    .endif
.endm
        .balign 4
.Ltable:
