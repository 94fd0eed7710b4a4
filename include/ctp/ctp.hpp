/// @file   ctp/ctp.hpp
/// @brief  Umbrella header of training and recalls on the CPU. Needs Eigen. Files and images are in <ctp/data.hpp>;
/// names of weights are in <ctp/encoder/weights.hpp>, precision by category is in <ctp/eval/multimodal_map.hpp>.
#pragma once

#include <ctp/autograd/distances.hpp>
#include <ctp/autograd/matrix.hpp>
#include <ctp/autograd/operators.hpp>
#include <ctp/autograd/reductions.hpp>
#include <ctp/autograd/select.hpp>
#include <ctp/autograd/where.hpp>
#include <ctp/backend/cpu/backend.hpp>
#include <ctp/core/model_config.hpp>
#include <ctp/data/pairs/memory_source.hpp>
#include <ctp/encoder/bag_of_words.hpp>
#include <ctp/encoder/bert.hpp>
#include <ctp/encoder/convolutional.hpp>
#include <ctp/encoder/model.hpp>
#include <ctp/encoder/vit.hpp>
#include <ctp/eval/retrieval.hpp>
#include <ctp/eval/task_matrix.hpp>
#include <ctp/momentum/ema.hpp>
#include <ctp/strategy/all.hpp>
#include <ctp/train/evaluate.hpp>
#include <ctp/train/learner.hpp>
#include <ctp/version.hpp>
