// How many threads a call is worth.
#pragma once

#include <algorithm>
#include <cstdint>

#include "call.h"

// Multiplications with weights that are worth a thread: in all, and in a step if threads synchronise in
// each step. On small work, synchronisation takes more time than further threads save.
struct GrainSizes {
    int64_t call, step;
};

inline int thread_count(const Call& call, const GrainSizes& grains) {
    if (call.threads <= 1) return 1;
    const int64_t weights = call.cell.blocks * call.H * (call.D + call.P);
    const int64_t rows = call.batch_sizes ? call.N : call.T * call.B;
    const int64_t work = call.directions * rows * weights;
    // Threads synchronise in each step, unless each has two sequences or a direction.
    const int64_t in_steps = call.directions * call.B * weights / grains.step;
    const int64_t useful = std::max({call.B / 2, int64_t{call.directions}, in_steps});
    return std::max<int64_t>(1, std::min({int64_t{call.threads}, work / grains.call, useful}));
}
