/// @file   commit.hpp
/// @brief  The commit of the sources that a program was built from.
#pragma once

namespace pretrain {

/// Abbreviated hash, with "-dirty" behind it if files were changed; empty if the sources are no git checkout.
const char* build_commit();

}  // namespace pretrain
