# cmake -DPROGRAM=<file> -DARGUMENTS=<list> -DCODE=<number> -DPRINTS=<regular expression> -P check_exit.cmake
# Passes if the program ends with exactly that exit code and prints a match of the expression.
cmake_minimum_required(VERSION 3.25)
execute_process(COMMAND "${PROGRAM}" ${ARGUMENTS} RESULT_VARIABLE code OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(NOT code STREQUAL CODE)
  message("${output}")
  message(FATAL_ERROR "${PROGRAM} ${ARGUMENTS}: expected exit code ${CODE}, found ${code}")
endif()
if(NOT output MATCHES "${PRINTS}")
  message("${output}")
  message(FATAL_ERROR "${PROGRAM} ${ARGUMENTS}: printed the above, without '${PRINTS}'")
endif()
