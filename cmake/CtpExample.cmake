# ctp_add_example(<name> <file>): builds <file> as <build>/bin/<name> and tests that it prints its "// prints: " lines,
# in order. Examples show how something is written, so they are built with the cheap optimisation of tests.
function(ctp_add_example name file)
  add_executable(example.${name} "${file}")
  target_link_libraries(example.${name} PRIVATE ctp::data ctp_program_options ctp_processor_check)
  target_compile_options(example.${name} PRIVATE $<$<CONFIG:Release,RelWithDebInfo>:${CTP_TEST_OPTIMISATION}>)
  set_target_properties(example.${name} PROPERTIES OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY "${ctp_program_dir}")
  add_dependencies(programs example.${name})
  if(CTP_BUILD_TESTS)
    add_test(NAME example.${name} COMMAND ${CMAKE_COMMAND} -DPROGRAM=$<TARGET_FILE:example.${name}> "-DSOURCE=${file}"
      -P "${PROJECT_SOURCE_DIR}/cmake/CtpCheckPrints.cmake")
    ctp_set_up_test(example.${name})
  endif()
endfunction()
