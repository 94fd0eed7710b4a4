// The only file that is compiled again for a new commit.
#include "commit.hpp"

#if __has_include("ctp_commit.hpp")
#include "ctp_commit.hpp"
#endif

namespace pretrain {

const char* build_commit() {
#if defined(CTP_COMMIT)
  return CTP_COMMIT;
#else
  return "";
#endif
}

}  // namespace pretrain
