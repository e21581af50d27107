// Division of the work among threads.
#pragma once

#include <algorithm>
#include <cstdint>

#include "range.h"

#ifdef _OPENMP
#include <omp.h>
#ifdef __ELF__
// Without a runtime these are null, and only one thread is requested. Not #pragma weak: what the
// compiler calls for a directive is not declared.
asm(".weak GOMP_parallel\n"
    ".weak GOMP_barrier\n"
    ".weak omp_get_thread_num\n"
    ".weak omp_get_num_threads");
#endif
#endif

namespace ISA {

// One of `count` parts.
struct Part {
    int64_t index, count;
    // Its range of n items.
    Range of(int64_t n) const { return {n * index / count, n * (index + 1) / count}; }
};

// The work of one thread. Its team divides all that is done once. Within a step, either sequences
// are divided, which needs no synchronisation, or hidden units are, and threads synchronise in every
// step.
struct Share {
    Range sequences;
    Part units, team;

    static void wait(const Part& part) {
        if (part.count > 1) {
#pragma omp barrier
        }
    }
    void wait_for_team() const { wait(team); }
    void wait_for_units() const { wait(units); }
};

// Calls f(direction, share) on every thread, for every direction that it works on.
template <class F>
void in_parallel(int64_t B, int64_t units, int directions, int threads, const F& f) {
    const auto work = [&](Part team) {
        if (B >= 2 * team.count)
            for (int d = 0; d < directions; d++)
                f(d, Share{team.of(B), {0, 1}, team});
        else if (directions == 2 && team.count % 2 == 0) {
            const Part half{team.index / 2, team.count / 2};
            f(team.index % 2, Share{{0, B}, half, half});
        } else
            for (int d = 0; d < directions; d++) f(d, Share{{0, B}, team, team});
    };
    if (B < 2 * threads) threads = std::min<int64_t>(threads, units * directions);
    if (threads <= 1) return work({0, 1});
#ifdef _OPENMP
#pragma omp parallel num_threads(threads)
    work({omp_get_thread_num(), omp_get_num_threads()});
#endif
}

}  // namespace ISA
