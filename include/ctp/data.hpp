/// @file   ctp/data.hpp
/// @brief  Everything between files and batches: P9D folders, pictures, captions, tasks and loaders.
/// @layer  data - may include: core, io
#pragma once

#include <ctp/data/annotations.hpp>
#include <ctp/data/augment.hpp>
#include <ctp/data/bad_images.hpp>
#include <ctp/data/batch.hpp>
#include <ctp/data/caption.hpp>
#include <ctp/data/caption_table.hpp>
#include <ctp/data/decode.hpp>
#include <ctp/data/file_source.hpp>
#include <ctp/data/folder_pairs.hpp>
#include <ctp/data/image.hpp>
#include <ctp/data/image_cache.hpp>
#include <ctp/data/loader.hpp>
#include <ctp/data/loader_options.hpp>
#include <ctp/data/masking.hpp>
#include <ctp/data/memory_source.hpp>
#include <ctp/data/normalize.hpp>
#include <ctp/data/ordered_batches.hpp>
#include <ctp/data/p9d.hpp>
#include <ctp/data/resize.hpp>
#include <ctp/data/sample.hpp>
#include <ctp/data/sampler.hpp>
#include <ctp/data/source.hpp>
#include <ctp/data/tokenizer.hpp>
#include <ctp/data/vocabulary.hpp>
