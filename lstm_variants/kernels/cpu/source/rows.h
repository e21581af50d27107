// The rows of a call: one for each time step of each sequence.
//
// Inside, sequences lie from the longest to the shortest, and rows lie step by step: the sequences
// that have a step are the first ones, and their rows follow one another. Packed tensors of a call
// have this order too.
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
    const int64_t *const lengths, *const batch_sizes;
    bool full = true, in_order = true;  // see below
    // The first row of each time step, and the number of rows; if not full.
    std::vector<int64_t> starts;
    std::vector<int64_t> order;  // of sequences in the call; if not in order

    // A stable sort by length.
    void sort() {
        full = false;
        starts.assign(T + 1, 0);  // at first, of each time step, how many sequences are longer
        for (int64_t b = 0; b < B; b++) starts[lengths[b]]++;
        for (int64_t t = T, longer = 0; t >= 0; t--) longer += std::exchange(starts[t], longer);
        in_order = std::is_sorted(lengths, lengths + B, std::greater<>());
        if (!in_order) {
            order.resize(B);
            std::vector<int64_t> next = starts;
            for (int64_t b = 0; b < B; b++) order[next[lengths[b]]++] = b;
        }
    }
    // From how many sequences have a time step to its first row.
    void add_up() {
        int64_t first = 0;
        for (int64_t& start : starts) first += std::exchange(start, first);
    }
    int64_t longest() const {
        if (lengths) return *std::max_element(lengths, lengths + B);
        return batch_sizes ? std::find(batch_sizes, batch_sizes + T, 0) - batch_sizes : T;
    }

  public:
    const int64_t steps;  // of the longest sequence

    explicit Rows(const Call& call)
        : T(call.T),
          B(call.B),
          lengths(static_cast<const int64_t*>(call.lengths)),
          batch_sizes(static_cast<const int64_t*>(call.batch_sizes)),
          steps(longest()) {
        const auto differ = [](const int64_t* some, int64_t n, int64_t value) {
            return some && std::any_of(some, some + n, [=](int64_t k) { return k != value; });
        };
        if (differ(lengths, B, steps)) sort();
        if (differ(batch_sizes, steps, B)) {
            full = false;
            starts.assign(batch_sizes, batch_sizes + steps);
            starts.push_back(0);
        }
        add_up();
    }

    bool are_packed() const { return batch_sizes; }
    // Whether each time step has all sequences, and whether these lie in this order in the call.
    bool are_full() const { return full; }
    bool are_in_order() const { return in_order; }
    // The first row of a time step, and how many sequences have it: none, before the first and after
    // the last one.
    int64_t start(int64_t t) const { return full ? t * B : starts[t]; }
    int64_t count(int64_t t) const {
        if (t < 0 || t >= steps) return 0;
        return full ? B : starts[t + 1] - starts[t];
    }
    int64_t total() const { return start(steps); }
    int64_t total(Range times) const { return start(times.stop) - start(times.first); }
    // Where a sequence lies in the call, and a row in a tensor [T, B, ...] or [N, ...]; also one with
    // these strides.
    int64_t sequence(int64_t b) const { return in_order ? b : order[b]; }
    int64_t place(int64_t t, int64_t b) const { return place_of_step(t, B, 1) + sequence(b); }
    int64_t place(int64_t t, int64_t b, int64_t time, int64_t batch) const {
        return place_of_step(t, time, batch) + sequence(b) * batch;
    }
    int64_t place_of_step(int64_t t, int64_t time, int64_t batch) const {
        return are_packed() ? start(t) * batch : t * time;
    }
    bool have_padding() const { return !are_packed() && total() < T * B; }
    // The distance at which all rows lie with these strides; 0 if there is none.
    int64_t distance(int64_t time, int64_t batch) const {
        if (are_packed() || (are_full() && time == B * batch)) return batch;
        return are_full() && B == 1 ? time : 0;
    }

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
