set(FREERTOS_PORT GCC_ARM_CM7)
set(BOARD_SOURCES common/mps2.c)
set(BOARD_LINKER_SCRIPT common/mps2_an500.ld)
