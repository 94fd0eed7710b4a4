# cmake -DROOT=<sources> -DOUTPUT=<header> -P CtpCommit.cmake: writes the header with the commit of the sources, if that
# changed. The commit is empty for sources that are not the top of a git checkout, such as an unpacked archive.
cmake_minimum_required(VERSION 3.25)

set(commit "")
find_program(git_program git)
if(git_program)
  execute_process(COMMAND "${git_program}" rev-parse --show-toplevel WORKING_DIRECTORY "${ROOT}"
    RESULT_VARIABLE result OUTPUT_VARIABLE top ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
  file(REAL_PATH "${ROOT}" root)
  if(result EQUAL 0 AND top STREQUAL root)
    execute_process(COMMAND "${git_program}" describe --always --dirty --abbrev=12 --exclude=* WORKING_DIRECTORY "${ROOT}"
      RESULT_VARIABLE result OUTPUT_VARIABLE commit ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
    if(NOT result EQUAL 0 OR NOT commit MATCHES "^[0-9a-f]+(-dirty)?$")
      set(commit "")
    endif()
  endif()
endif()
set(text "#define CTP_COMMIT \"${commit}\"\n")
set(before "")
if(EXISTS "${OUTPUT}")
  file(READ "${OUTPUT}" before)
endif()
if(NOT text STREQUAL before)
  file(WRITE "${OUTPUT}" "${text}")
endif()
