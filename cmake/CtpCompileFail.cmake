# ctp_add_compile_fail_test(<file>): the file builds as it stands; with CTP_EXPECT_FAIL defined the compiler must reject
# it and print the regular expression after "// expect-error: ". Without the first half, a typing error in an include
# would make the test pass for ever; one compiler (CTP_TEST_COMPILE_TWINS) is enough for it.
function(ctp_add_compile_fail_test file)
  cmake_path(GET file STEM name)
  file(STRINGS "${file}" line REGEX "^// expect-error: " LIMIT_COUNT 1)
  if(line STREQUAL "")
    message(FATAL_ERROR "${file}: expected a line '// expect-error: <regular expression>', found none")
  endif()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
  set(twin compile_fail.${name}.twin)
  add_library(${twin} OBJECT "${file}")
  target_link_libraries(${twin} PRIVATE ctp::data)
  target_compile_options(${twin} PRIVATE -O0)
  if(NOT CTP_TEST_COMPILE_TWINS)
    set_target_properties(${twin} PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()
  # The compiler is called directly: that needs no build lock and takes the time of one front end.
  add_test(NAME compile_fail.${name} COMMAND ${CMAKE_COMMAND} "-DCOMPILER=${CMAKE_CXX_COMPILER}" "-DSOURCE=${file}"
    "-DFOLDERS=$<TARGET_PROPERTY:${twin},INCLUDE_DIRECTORIES>" "-DDEFINITIONS=$<TARGET_PROPERTY:${twin},COMPILE_DEFINITIONS>"
    -P "${PROJECT_SOURCE_DIR}/cmake/CtpCheckCompileError.cmake")
  set_tests_properties(compile_fail.${name} PROPERTIES LABELS compile_fail)
endfunction()
