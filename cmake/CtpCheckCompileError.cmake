# cmake -DCOMPILER=<c++> -DSOURCE=<file> -DFOLDERS=<list> -DDEFINITIONS=<list> -P CtpCheckCompileError.cmake
# Compiles the file with CTP_EXPECT_FAIL; passes if the compiler rejects it with the words of its "// expect-error: "
# line.
cmake_minimum_required(VERSION 3.25)

file(READ "${SOURCE}" text)
string(REGEX MATCH "// expect-error: ([^\n]*)" _ "${text}")
set(pattern "${CMAKE_MATCH_1}")

list(TRANSFORM FOLDERS PREPEND -I)
list(TRANSFORM DEFINITIONS PREPEND -D)
# Not -fsyntax-only, which may leave templates uninstantiated.
execute_process(COMMAND "${COMPILER}" -std=c++20 -O0 -c -o /dev/null -DCTP_EXPECT_FAIL ${DEFINITIONS} ${FOLDERS} "${SOURCE}"
  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(result EQUAL 0)
  message(FATAL_ERROR "${SOURCE} compiles although it must not")
endif()
if(NOT output MATCHES "${pattern}")
  message("${output}")
  message(FATAL_ERROR "${SOURCE}: the compiler printed the above, without '${pattern}'")
endif()
