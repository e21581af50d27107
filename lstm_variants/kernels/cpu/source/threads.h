// Division of the work among threads.
#pragma once

#include <algorithm>
#include <cstdint>

#include "range.h"

#ifdef __ELF__
// The OpenMP runtime of torch, libgomp, called as GCC does it for directives: those of other
// compilers would need another runtime. Without it these are null, and one thread is requested.
extern "C" {
[[gnu::weak]] void GOMP_parallel(void (*work)(void*), void* data, unsigned threads, unsigned flags);
[[gnu::weak]] void GOMP_barrier();
[[gnu::weak]] int omp_get_thread_num();
[[gnu::weak]] int omp_get_num_threads();
}
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
#ifdef __ELF__
        if (part.count > 1) GOMP_barrier();
#else
        (void)part;
#endif
    }
    void wait_for_team() const { wait(team); }
    void wait_for_units() const { wait(units); }
};

// Calls f(direction, share) on every thread, for every direction that it works on.
template <class F>
void in_parallel(int64_t B, int64_t units, int directions, int threads, const F& f) {
    const auto work = [&](Part team) noexcept {
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
#ifdef __ELF__
    using Work = decltype(work);
    const auto work_of_thread = [](void* data) {
        (*static_cast<Work*>(data))({omp_get_thread_num(), omp_get_num_threads()});
    };
    GOMP_parallel(work_of_thread, const_cast<void*>(static_cast<const void*>(&work)), threads, 0);
#endif
}

}  // namespace ISA
