# Install rules: headers, one file of exported targets per component, and the package files that find_package reads.
include(CMakePackageConfigHelpers)
set(ctp_cmake_dir "${CMAKE_INSTALL_DATADIR}/cmake/ctp")

set(ctp_components ctp io data)
if(CTP_WITH_CUDA)
  list(APPEND ctp_components cuda)
endif()
foreach(name IN LISTS ctp_components)
  string(REGEX REPLACE "^ctp_ctp$" "ctp" target "ctp_${name}")
  install(TARGETS ${target} EXPORT ctp-${name} FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
  install(EXPORT ctp-${name} NAMESPACE ctp:: DESTINATION "${ctp_cmake_dir}")
endforeach()
install(TARGETS ctp_native EXPORT ctp-ctp)  # of the component that every user has

# The sources of the programs, for ctp_add_programs(). The programs themselves are installed by ctp_add_program().
set(ctp_program_sources "${CMAKE_INSTALL_DATADIR}/ctp/programs")
foreach(folder IN ITEMS common continual_pretrain evaluate conformance)
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/examples/${folder}" DESTINATION "${ctp_program_sources}"
    FILES_MATCHING PATTERN "*.hpp" PATTERN "*.cpp" PATTERN "*.cuh" PATTERN "*.cu")
endforeach()

configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/ctpConfig.cmake.in" "${PROJECT_BINARY_DIR}/ctpConfig.cmake"
  INSTALL_DESTINATION "${ctp_cmake_dir}" PATH_VARS ctp_program_sources)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/ctpConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES "${PROJECT_BINARY_DIR}/ctpConfig.cmake" "${PROJECT_BINARY_DIR}/ctpConfigVersion.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/Findutf8proc.cmake" "${PROJECT_SOURCE_DIR}/cmake/Findstb.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/Findxxhash.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/FindWebP.cmake" "${PROJECT_SOURCE_DIR}/cmake/CtpAddPrograms.cmake"
  DESTINATION "${ctp_cmake_dir}")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
