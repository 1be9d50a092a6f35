// The handlers of the instructions that programs spend their time in, for Arm's M profile.
//
// One that cannot do what it is to do (a call of something else than an own function of this engine) has changed nothing
// and goes to `.Lleave`, which calls the portable executor to carry the instruction out. What traps goes to `.Ltrap_*`.
//
// r4   the present instruction
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
// What the fields of an instruction are is said in `isa.rs`; "first", "second" and "third" are the bytes behind its number. What
// has 16 or 32 bits need not be aligned.

        .syntax unified
        .thumb
    .if {application_profile}
        .arch_extension idiv
    .endif

// On to the instruction that begins so many bytes on.
.macro next bytes
        ldrb    r3, [r4, #\bytes]!
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
.macro fourth reg
        ldrb    \reg, [r4, #4]
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

// How most handlers end: r0 goes to the first byte's cell, or r0 and r1 to it and the next, and on. One of all that have so many bytes
// ends for those that are `rare` too, as they are or because they are slow anyway; and if size counts more than speed, for all.
.macro finish bytes
        end_of  .Lfinish_\bytes, {share}, result, r0, \bytes
.endm
.macro finish_pair bytes
        end_of  .Lfinish_pair_\bytes, {share}, result_pair, "r0, r1", \bytes
.endm
.macro end_of label, share, result, registers, bytes
    .ifndef \label
\label:
        \result \registers
        next    \bytes
    .elseif \share
        b       \label
    .else
        \result \registers
        next    \bytes
    .endif
.endm
.macro finish_rare bytes
        b       .Lfinish_\bytes
.endm
.macro finish_pair_rare bytes
        b       .Lfinish_pair_\bytes
.endm

// Calls a function of the ABI's runtime or of ours, which keeps r4 to r11 (Run-time ABI for the Arm Architecture, 5.1).
.macro runtime function
        str     lr, [r8, #{fuel}]
        bl      \function
        ldr     lr, [r8, #{fuel}]
.endm

// Traps if someone has interrupted the instance. `interrupted` is to follow within 126 bytes.
.macro poll scratch
        ldr     \scratch, [r8, #{interrupt}]
        cbnz    \scratch, 9f
.endm
.macro interrupted
9:      b       .Ltrap_interrupted
.endm

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

// The memory of the instance r8, and its fuel. `no_memory` is to follow.
.macro memory_and_fuel
        ldrd    r6, r7, [r8, #{memory_base}]
        ldr     lr, [r8, #{fuel}]
        subs    r7, #3
        blo     4f
5:
.endm
.macro no_memory
4:      movs    r7, #0
        b       5b
.endm

// wasmote_interp_thumb2(at: *mut At): begins where that says. Returns 0 if the outermost frame has returned, or a trap's code, and
// `at` says where it happened.
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
        ldr     r10, [r8, #{globals}]
        ldr     r11, [r8, #{stack}]
        ldr     r9, .Ltable_address
        mov     r3, lr
        memory_and_fuel
        bx      r3
        no_memory

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
        trap    signature, {trap_signature}
.Lh_exit:
        movs    r0, #0
.Lend:  str     lr, [r8, #{fuel}]
        pop     {{r1}}
        stm     r1, {{r4, r5, r8}}
        pop     {{r4-r11, pc}}

.Lleave:
        str     lr, [r8, #{fuel}]
        ldr     r0, [sp]
        stm     r0, {{r4, r5, r8}}
        bl      {carry_out_left}
        cbnz    r0, 6f
        ldr     r0, [sp]
        ldm     r0, {{r4, r5, r8}}
        bl      .Linstance
        go
6:      ldr     r1, [sp]
        ldm     r1, {{r4, r5, r8}}
        ldr     lr, [r8, #{fuel}]
        b       .Lend

        .balign 4
.Ltable_address:
        .word   .Ltable
