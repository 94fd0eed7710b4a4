/// @file   ctp/cuda.cuh
/// @brief  Everything that runs on an NVIDIA GPU, in one include. Needs nvcc, CUDA 12 or newer and cuBLASLt, no Eigen.
#pragma once

#include <ctp/backend/cuda/backend.cuh>
#include <ctp/backend/cuda/device.cuh>
#include <ctp/core/model_config.hpp>
#include <ctp/data/memory_source.hpp>
#include <ctp/encoder/bert.hpp>
#include <ctp/encoder/model.hpp>
#include <ctp/encoder/vit.hpp>
#include <ctp/encoder/weights.hpp>
#include <ctp/eval/multimodal_map.hpp>
#include <ctp/eval/retrieval.hpp>
#include <ctp/eval/task_matrix.hpp>
#include <ctp/momentum/ema.hpp>
#include <ctp/strategy/afec.hpp>
#include <ctp/strategy/ctp.hpp>
#include <ctp/strategy/ctp_er.hpp>
#include <ctp/strategy/er.hpp>
#include <ctp/strategy/ewc.hpp>
#include <ctp/strategy/icarl.hpp>
#include <ctp/strategy/jointt.hpp>
#include <ctp/strategy/kmeans.hpp>
#include <ctp/strategy/lucir.hpp>
#include <ctp/strategy/lwf.hpp>
#include <ctp/strategy/mas.hpp>
#include <ctp/strategy/mof.hpp>
#include <ctp/strategy/rwalk.hpp>
#include <ctp/strategy/seqf.hpp>
#include <ctp/strategy/si.hpp>
#include <ctp/train/evaluate.hpp>
#include <ctp/train/learner.hpp>
#include <ctp/version.hpp>
