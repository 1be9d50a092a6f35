# Tests of wasmote_split_archive.cmake: cmake -P cmake/tests/split_archive.cmake
cmake_minimum_required(VERSION 3.20)

find_program(AR ar REQUIRED)
set(folder "${CMAKE_CURRENT_LIST_DIR}/../../target/split_archive.test")
file(REMOVE_RECURSE "${folder}")
file(MAKE_DIRECTORY "${folder}")
set(archive "${folder}/libwasmote.a")

# An archive like rustc's, with these contents of wasmote's object, and with this time.
function(make_archive contents time)
    file(WRITE "${folder}/wasmote-1.wasmote.2-cgu.0.rcgu.o" "${contents}")
    file(WRITE "${folder}/compiler_builtins-3.compiler_builtins.4-cgu.001.rcgu.o" "memcpy")
    file(WRITE "${folder}/5-divdi3.o" "division")
    file(REMOVE "${archive}")
    file(GLOB members "${folder}/*.o")
    execute_process(COMMAND "${AR}" rc "${archive}" ${members} COMMAND_ERROR_IS_FATAL ANY)
    execute_process(COMMAND touch -d "${time}" "${archive}" COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(split)
    execute_process(
        COMMAND "${CMAKE_COMMAND}" "-DAR=${AR}" "-DARCHIVE=${archive}"
                -P "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../wasmote_split_archive.cmake"
        COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(expect command library expected)
    execute_process(COMMAND "${AR}" ${command} "${folder}/lib${library}.a" ${ARGN} OUTPUT_VARIABLE found)
    string(STRIP "${found}" found)
    if(NOT found STREQUAL expected)
        message(FATAL_ERROR "lib${library}.a: '${found}', not '${expected}'")
    endif()
endfunction()

make_archive("one" "2020-01-02")
split()
expect(t wasmote_runtime "wasmote-1.wasmote.2-cgu.0.rcgu.o")
expect(p wasmote_runtime "one" wasmote-1.wasmote.2-cgu.0.rcgu.o)
expect(t wasmote_builtins "5-divdi3.o\ncompiler_builtins-3.compiler_builtins.4-cgu.001.rcgu.o")

# The same again: left alone, so that nothing is linked anew.
execute_process(COMMAND touch -d "2021-01-01" "${folder}/libwasmote_runtime.a" COMMAND_ERROR_IS_FATAL ANY)
file(TIMESTAMP "${folder}/libwasmote_runtime.a" before "%s")
split()
file(TIMESTAMP "${folder}/libwasmote_runtime.a" after "%s")
if(NOT before STREQUAL after)
    message(FATAL_ERROR "split though nothing had changed")
endif()

# Another one that is older, as cargo brings one back that it has built before.
make_archive("two" "2020-01-01")
split()
expect(p wasmote_runtime "two" wasmote-1.wasmote.2-cgu.0.rcgu.o)
file(TIMESTAMP "${folder}/libwasmote_runtime.a" after "%s")
if(before STREQUAL after)
    message(FATAL_ERROR "the change cannot be seen by a build")
endif()

file(REMOVE_RECURSE "${folder}")
message("all passed")
