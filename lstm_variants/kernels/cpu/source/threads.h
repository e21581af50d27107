// Division of the work among threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <thread>

#include "range.h"
#include "subnormals.h"

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#ifdef __ELF__
// The OpenMP runtime of torch, libgomp, called as GCC does it for directives: those of other
// compilers would need another runtime. Without it these are null, and one thread is requested.
extern "C" {
[[gnu::weak]] void GOMP_parallel(void (*work)(void*), void* data, unsigned threads, unsigned flags);
[[gnu::weak]] int omp_get_thread_num();
[[gnu::weak]] int omp_get_num_threads();
[[gnu::weak]] int omp_get_max_threads();
}
#endif

namespace ISA {

// Where threads wait for one another. Those of OpenMP hold a whole team, of which some threads may
// have nothing to do here.
class Barrier {
    alignas(64) std::atomic<int32_t> arrived{0};
    alignas(64) std::atomic<int32_t> round{0};
    std::atomic<int32_t> sleepers{0};

    static void pause() {
#if defined(__x86_64__)
        __builtin_ia32_pause();
#elif defined(__aarch64__)
        asm volatile("yield");
#endif
    }

#if defined(__linux__)
    void sleep(int32_t now) {
        sleepers++;
        while (round == now) syscall(SYS_futex, &round, FUTEX_WAIT_PRIVATE, now, nullptr);
        sleepers--;
    }
    void wake() {
        if (sleepers) syscall(SYS_futex, &round, FUTEX_WAKE_PRIVATE, INT32_MAX);
    }
#else
    void sleep(int32_t now) {
        while (round == now) std::this_thread::yield();
    }
    void wake() {}
#endif

  public:
    // Some milliseconds: to be woken takes longer than most waits.
    int spins = 100'000;

    // Until `count` threads have called it.
    void wait(int64_t count) {
        const int32_t now = round;
        if (++arrived == count) {
            arrived = 0;
            round = now + 1;
            return wake();
        }
        for (int k = 0; k < spins; k++) {
            if (round.load(std::memory_order_acquire) != now) return;
            pause();
        }
        sleep(now);
    }
};

// One of `count` parts, whose threads wait at a barrier.
struct Part {
    int64_t index = 0, count = 1;
    Barrier* barrier = nullptr;
    // Its range of n items.
    Range of(int64_t n) const { return {n * index / count, n * (index + 1) / count}; }
    void wait() const {
        if (count > 1) barrier->wait(count);
    }
};

// With so few sequences, hidden units are divided and not sequences.
inline bool are_few(int64_t sequences, int64_t threads) { return sequences < 2 * threads; }

// The work of one thread. Its team divides all that is done once. Within a step, either sequences
// are divided, which needs no synchronisation, or hidden units are, and threads synchronise in every
// step.
struct Share {
    Range sequences;
    Part units, team;

    // Of the first `count` sequences; at least `fewest` of them have each of some steps.
    Share(const Part& team, int64_t count, int64_t fewest)
        : sequences(are_few(fewest, team.count) ? Range{0, count} : team.of(count)),
          units(are_few(fewest, team.count) ? team : Part{}),
          team(team) {}

    // Of the sequences before number `count` only.
    Share before(int64_t count) const {
        Share some = *this;
        some.sequences.stop = std::clamp(count, sequences.first, sequences.stop);
        return some;
    }
    void wait_for_team() const { team.wait(); }
    void wait_for_units() const { units.wait(); }
};

// Calls f(direction, team) on every thread, for every direction that it works on.
//
// The team of OpenMP has all of torch's threads, as in torch: libgomp ends those that a smaller team
// leaves out, and the next larger one starts them again. Those too many return at once.
template <class F>
void in_parallel(int64_t B, int64_t units, int directions, int threads, const F& f) {
    Barrier barriers[2];
    const auto work = [&](int64_t index, int64_t count) noexcept {
        if (are_few(B, count) && directions == 2 && count % 2 == 0)
            return f(index % 2, Part{index / 2, count / 2, &barriers[index % 2]});
        for (int d = 0; d < directions; d++) f(d, Part{index, count, barriers});
    };
    if (are_few(B, threads)) threads = std::min<int64_t>(threads, units * directions);
    if (threads <= 1) return work(0, 1);
#ifdef __ELF__
    // With fewer cores than threads, the one that is missing may need the core of one that waits.
    static const int cores = std::thread::hardware_concurrency();
    if (omp_get_max_threads() > cores)
        for (Barrier& barrier : barriers) barrier.spins = 100;
    const auto work_of_thread = [&, callers = rounding()] {
        const Rounding here(callers);  // results do not depend on the thread
        const int index = omp_get_thread_num(), count = std::min(threads, omp_get_num_threads());
        if (index < count) work(index, count);
    };
    using Work = decltype(work_of_thread);
    const void* const data = &work_of_thread;
    GOMP_parallel([](void* of) { (*static_cast<Work*>(of))(); }, const_cast<void*>(data), 0, 0);
#endif
}

}  // namespace ISA
