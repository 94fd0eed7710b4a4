/// @file   ctp/data/codec/decode_webp.hpp
/// @brief  WebP decoding with libwebp, bit-identical to Pillow. Empty without CTP_HAVE_LIBWEBP.
/// @layer  data
#pragma once

#if defined(CTP_HAVE_LIBWEBP)

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <webp/decode.h>
#include <webp/demux.h>

#include <ctp/data/codec/decode_errors.hpp>
#include <ctp/data/codec/decode_limits.hpp>
#include <ctp/data/image/image.hpp>

namespace ctp::data::detail {

/// @brief Decodes a WebP file with libwebp: lossy or lossless, of an animation the first frame on a transparent canvas.
///
/// The colours under transparent pixels are kept, not blended; the opacity goes to `alpha`.
///
/// **Errors.** DataError: truncated, damaged, above the limits.
inline Image decode_with_libwebp(std::span<const std::byte> bytes, const std::string& file,
                                 const DecodeLimits& limits = {}, AlphaPlane alpha = nullptr) {
  const auto* const start = reinterpret_cast<const std::uint8_t*>(bytes.data());
  WebPBitstreamFeatures features{};
  if (WebPGetFeatures(start, bytes.size(), &features) != VP8_STATUS_OK) {
    bad_image(file, "WebP", "a damaged or truncated header", "fetch the file again");
  }
  require_within(limits, file, features.width, features.height);

  const WebPData data{start, bytes.size()};
  WebPDemuxState state = WEBP_DEMUX_PARSE_ERROR;
  const std::unique_ptr<WebPDemuxer, void (*)(WebPDemuxer*)> parts(WebPDemuxPartial(&data, &state), &WebPDemuxDelete);
  if (parts == nullptr || state != WEBP_DEMUX_DONE) {
    bad_image(file, "WebP",
              state == WEBP_DEMUX_PARSE_ERROR
                  ? std::string("a damaged container")
                  : "a file that ends after " + std::to_string(bytes.size()) + " bytes (truncated)",
              "fetch the file again");
  }
  const std::int64_t width = WebPDemuxGetI(parts.get(), WEBP_FF_CANVAS_WIDTH);
  const std::int64_t height = WebPDemuxGetI(parts.get(), WEBP_FF_CANVAS_HEIGHT);
  require_within(limits, file, width, height);
  struct Frame : WebPIterator {
    Frame() : WebPIterator{} {}
    Frame(const Frame&) = delete;
    Frame& operator=(const Frame&) = delete;
    ~Frame() { WebPDemuxReleaseIterator(this); }
  } frame;
  if (WebPDemuxGetFrame(parts.get(), 1, &frame) == 0 || frame.complete == 0 || frame.x_offset < 0 ||
      frame.y_offset < 0 || frame.width < 1 || frame.height < 1 || frame.x_offset + frame.width > width ||
      frame.y_offset + frame.height > height) {
    bad_image(file, "WebP", "no complete frame");
  }

  Image image = allocate_image(file, static_cast<int>(width), static_cast<int>(height));
  const std::size_t stride = static_cast<std::size_t>(width) * 4;
  std::vector<std::uint8_t> canvas(stride * static_cast<std::size_t>(height));  // transparent black
  const std::size_t corner =
      static_cast<std::size_t>(frame.y_offset) * stride + static_cast<std::size_t>(frame.x_offset) * 4;
  if (WebPDecodeRGBAInto(frame.fragment.bytes, frame.fragment.size, canvas.data() + corner, canvas.size() - corner,
                         static_cast<int>(stride)) == nullptr) {
    bad_image(file, "WebP", "damaged or truncated picture data");
  }
  std::vector<std::uint8_t> opacity(image.rgb.size() / 3);
  split_alpha(canvas, image, opacity);
  if (alpha != nullptr && (WebPDemuxGetI(parts.get(), WEBP_FF_FORMAT_FLAGS) & ALPHA_FLAG) != 0) {
    *alpha = std::move(opacity);
  }
  return image;
}

}  // namespace ctp::data::detail

#endif
