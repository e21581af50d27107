// The rows of a call: one for each time step of each sequence.
//
// Inside, sequences lie from the longest to the shortest, and rows lie step by step, only those that
// there are: the sequences that have a step are the first ones, and their rows follow one another.
#pragma once

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "call.h"
#include "range.h"

namespace ISA {

class Rows {
    const int64_t T, B;
    // The first row of each time step, and the number of rows in all; empty if each step has all
    // sequences.
    std::vector<int64_t> starts;
    std::vector<int64_t> order;  // of sequences in the call; empty if they lie in this order there

    // A stable sort by length.
    void sort(const int64_t* lengths) {
        starts.assign(T + 1, 0);  // at first, of each time step, how many sequences are longer
        for (int64_t b = 0; b < B; b++) starts[lengths[b]]++;
        for (int64_t t = T, longer = 0; t >= 0; t--) longer += std::exchange(starts[t], longer);
        if (!std::is_sorted(lengths, lengths + B, std::greater<>())) {
            order.resize(B);
            std::vector<int64_t> next = starts;
            for (int64_t b = 0; b < B; b++) order[next[lengths[b]]++] = b;
        }
        int64_t first = 0;
        for (int64_t& start : starts) first += std::exchange(start, first);
    }

  public:
    const int64_t steps;  // of the longest sequence

    explicit Rows(const Call& call)
        : T(call.T), B(call.B), steps(longest(call)) {
        const auto lengths = static_cast<const int64_t*>(call.lengths);
        if (lengths && std::any_of(lengths, lengths + B, [&](int64_t n) { return n < steps; }))
            sort(lengths);
    }
    static int64_t longest(const Call& call) {
        const auto lengths = static_cast<const int64_t*>(call.lengths);
        return lengths ? *std::max_element(lengths, lengths + call.B) : call.T;
    }

    bool are_full() const { return starts.empty(); }
    bool are_in_order() const { return order.empty(); }
    // The first row of a time step, and how many sequences have it.
    int64_t start(int64_t t) const { return starts.empty() ? t * B : starts[t]; }
    int64_t count(int64_t t) const { return t < steps ? start(t + 1) - start(t) : 0; }
    int64_t total() const { return start(steps); }
    int64_t total(Range times) const { return start(times.stop) - start(times.first); }
    // Where a sequence lies in the call, and a row in a tensor [T, B, ...].
    int64_t sequence(int64_t b) const { return order.empty() ? b : order[b]; }
    int64_t place(int64_t t, int64_t b) const { return t * B + sequence(b); }
    bool have_padding() const { return total() < T * B; }

    // The time steps that follow after `done` steps, from the first or from the last one on, as many
    // as have up to `limit` rows, but at least one.
    Range times(int64_t done, bool from_first, int64_t limit) const {
        Range found = from_first ? Range{done, done} : Range{steps - done, steps - done};
        while (found.size() < steps - done) {
            const Range more{found.first - !from_first, found.stop + from_first};
            if (found.size() && total(more) > limit) break;
            found = more;
        }
        return found;
    }
    // The most rows of such steps.
    int64_t most(bool from_first, int64_t limit) const {
        int64_t found = 0;
        for (int64_t done = 0; done < steps && (!found || !are_full());) {
            const Range some = times(done, from_first, limit);
            found = std::max(found, total(some));
            done += some.size();
        }
        return found;
    }
    // Calls f(k, t, b) for some rows of time steps, in order; k counts from the first step's first.
    template <class F> void each(Range times, Range some, const F& f) const {
        for (int64_t t : times) {
            const int64_t first = start(t) - start(times.first);
            const int64_t stop = std::min(first + count(t), some.stop);
            for (int64_t k = std::max(first, some.first); k < stop; k++) f(k, t, k - first);
        }
    }
};

}  // namespace ISA
