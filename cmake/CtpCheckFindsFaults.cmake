# cmake -DSCRIPT=<check> -DROOT=<faulty repository> -DEXPECTED=<list of texts> -P CtpCheckFindsFaults.cmake
# Tests a check: runs the check on files with planted faults. The output must name every fault.
cmake_minimum_required(VERSION 3.25)

execute_process(COMMAND "${CMAKE_COMMAND}" "-DROOT=${ROOT}" -P "${SCRIPT}"
  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(result EQUAL 0)
  message(FATAL_ERROR "${SCRIPT} found nothing wrong with ${ROOT}")
endif()
foreach(text IN LISTS EXPECTED)
  string(FIND "${output}" "${text}" at)
  if(at EQUAL -1)
    message("${output}")
    message(FATAL_ERROR "${SCRIPT} printed the above, without: ${text}")
  endif()
endforeach()
