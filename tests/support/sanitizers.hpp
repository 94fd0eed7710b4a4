// Whether a test runs under a sanitizer: CTP_TEST_ASAN for addresses, CTP_TEST_SANITIZED for any of them. g++ and
// clang++ say so in different ways.
#pragma once

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CTP_TEST_ASAN 1
#endif
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define CTP_TEST_SANITIZED 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define CTP_TEST_ASAN 1
#define CTP_TEST_SANITIZED 1
#endif
#ifdef __SANITIZE_THREAD__
#define CTP_TEST_SANITIZED 1
#endif
#ifndef CTP_TEST_ASAN
#define CTP_TEST_ASAN 0
#endif
#ifndef CTP_TEST_SANITIZED
#define CTP_TEST_SANITIZED 0
#endif
