// The includes of a user of ctp::data, and the packages that must come with the component.
#if __has_include(<ctp/data.hpp>)
#include <ctp/data.hpp>
#endif
#include <stb/stb_image.h>
#include <utf8proc.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include <ctp/version.hpp>

int main() {
  const nlohmann::json line{{"ctp", ctp::version}, {"utf8proc", utf8proc_version()}};
  std::printf("%s\n", line.dump().c_str());
}
