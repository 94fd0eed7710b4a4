/// @file   ctp/data.hpp
/// @brief  Umbrella header of data: P9D folders, pictures, captions, tasks and loaders.
/// @layer  data
#pragma once

#include <ctp/data/batch.hpp>
#include <ctp/data/codec/decode.hpp>
#include <ctp/data/image/augment.hpp>
#include <ctp/data/image/image.hpp>
#include <ctp/data/image/image_cache.hpp>
#include <ctp/data/image/normalize.hpp>
#include <ctp/data/image/resize.hpp>
#include <ctp/data/loader/bad_images.hpp>
#include <ctp/data/loader/loader.hpp>
#include <ctp/data/loader/loader_options.hpp>
#include <ctp/data/loader/masking.hpp>
#include <ctp/data/loader/ordered_batches.hpp>
#include <ctp/data/loader/sampler.hpp>
#include <ctp/data/pairs/annotations.hpp>
#include <ctp/data/pairs/caption_groups.hpp>
#include <ctp/data/pairs/caption_table.hpp>
#include <ctp/data/pairs/file_finder.hpp>
#include <ctp/data/pairs/file_source.hpp>
#include <ctp/data/pairs/folder_pairs.hpp>
#include <ctp/data/pairs/memory_source.hpp>
#include <ctp/data/pairs/p9d.hpp>
#include <ctp/data/sample.hpp>
#include <ctp/data/source.hpp>
#include <ctp/data/text/caption.hpp>
#include <ctp/data/text/title_report.hpp>
#include <ctp/data/text/token_ids.hpp>
#include <ctp/data/text/tokenizer.hpp>
#include <ctp/data/text/vocabulary.hpp>
#include <ctp/train/weights/weights_file.hpp>
