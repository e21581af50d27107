// Where factors become terms: memory of a thread, since nothing can be allocated in a product, and the
// same for all instruction sets. Defined in entry.cpp.
#pragma once

#include <cstdint>

// So many rows of so many places at once, or more of shorter ones.
constexpr int64_t max_places = 2048, max_rows_of_terms = 32;

float* memory_for_terms();
