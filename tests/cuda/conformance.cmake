# cmake -DPROGRAM=... -DPRECISION=fp32|tf32|bf16 -DRECORDS=<folder> -P conformance.cmake: conformance on the device, or
# a line with the reason for skipping.
file(GLOB records "${RECORDS}/*.safetensors")
if(NOT PRECISION STREQUAL "fp32")
  list(FILTER records INCLUDE REGEX "/golden_")
endif()
execute_process(COMMAND "${PROGRAM}" --device cuda --precision ${PRECISION} ${records}
  RESULT_VARIABLE code OUTPUT_VARIABLE output ERROR_VARIABLE error)
if(error MATCHES "no CUDA device")
  message("SKIPPED: ${error}")
elseif(NOT code EQUAL 0)
  message("${output}${error}")
  message(FATAL_ERROR "conformance --device cuda --precision ${PRECISION} ended with ${code}")
endif()
