/// @file   ctp/strategy/all.hpp
/// @brief  All strategies of the benchmark.
/// @layer  strategy
#pragma once

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
