/* First instructions of a hart, and the way into a trap. */
    .section .board_reset, "ax"
    .globl board_reset
board_reset:
    .option push
    .option norelax
    la gp, __global_pointer$
    .option pop
    la sp, board_stack_top
    la t0, trap
    csrw mtvec, t0
    j board_run

/* FreeRTOS' handler saves registers into the current task, which a fault before the first task would make a loop of
 * faults: such a one is reported here. */
    .section .text.board_trap, "ax"
    .align 8
trap:
    csrw mscratch, t0
#if __riscv_xlen == 64
    ld t0, pxCurrentTCB
#else
    lw t0, pxCurrentTCB
#endif
    beqz t0, 1f
    csrr t0, mscratch
    j freertos_risc_v_trap_handler
1:
    la sp, board_stack_top
    j freertos_risc_v_application_exception_handler
