// What every recurrence has: sizes, memory, and access to inputs, outputs and states.
#pragma once

#include <array>
#include <cstdlib>
#include <limits>
#include <memory>
#include <new>
#include <vector>

#include "call.h"
#include "functions.h"
#include "product.h"
#include "threads.h"

namespace ISA {

template <int n> using Count = std::integral_constant<int, n>;

// Workspace of a call, aligned to whole vectors. A thread keeps the first blocks for its next call: in
// a short call, new pages of memory take longer than the arithmetic.
template <class T> class Scratch {
    struct Block {
        std::unique_ptr<void, void (*)(void*)> memory{nullptr, std::free};
        size_t bytes = 0;
    };
    static std::vector<Block>& blocks() {
        thread_local std::vector<Block> kept;
        return kept;
    }
    static constexpr size_t max_kept = 64 << 20;  // bytes in all
    static inline thread_local size_t next = 0;
    const size_t first = next;

  public:
    Scratch() = default;
    Scratch(const Scratch&) = delete;
    ~Scratch() {
        size_t kept = 0;
        for (size_t k = 0; k < blocks().size(); k++) {
            kept += blocks()[k].bytes;
            if (k < first || kept <= max_kept) continue;
            kept -= blocks()[k].bytes;
            blocks()[k] = {};
        }
        next = first;
    }

    template <class Number = T> Number* take(int64_t n) {
        const size_t bytes = (std::max<int64_t>(n, 1) * sizeof(Number) + 63) / 64 * 64;
        if (next == blocks().size()) blocks().emplace_back();
        Block& block = blocks()[next];
        if (block.bytes < bytes) {
            block = {};
            block.memory.reset(std::aligned_alloc(64, bytes));
            if (!block.memory) throw std::bad_alloc();
            block.bytes = bytes;
        }
        next++;
        return static_cast<Number*>(block.memory.get());
    }
    Packed<T> take_packed(int64_t K, int64_t N) {
        return {take(Packed<T>::size(K, N)), K, N / lanes<T>};
    }
};

template <class T> struct Sequence {
    const Call& call;
    const Direction& io;
    const bool reverse;
    const int64_t B = call.B, H = call.H, P = call.P, Hp = call.padded;
    const int64_t whole = 64 / sizeof(T), Pp = (P + whole - 1) / whole * whole;
    const int64_t J = Hp / lanes<T>;  // vectors of hidden units
    // Rows of gates lie a little apart: at a distance of a power of two, they would share the same few
    // places of the caches.
    const int64_t gates_width = call.cell.slots * Hp, gates_stride = gates_width + whole;
    const int64_t cells_stride = call.cell.cell_states * Hp;
    const int64_t output_stride = call.directions * P;
    const bool projects = io.weight_hr != nullptr;
    const int64_t* const lengths = static_cast<const int64_t*>(call.lengths);
    const uint8_t* const resets = static_cast<const uint8_t*>(call.resets);
    const std::vector<Stored<T>> zeros = std::vector<Stored<T>>(resets ? P : 0);  // h after a reset
    Scratch<T> scratch;

    Sequence(const Call& c, int direction)
        : call(c), io(c.direction[direction]), reverse(direction == 1) {}

    // The cell states before the first step; and after a reset, where all other states are 0.
    std::array<const void*, 3> first_states() const { return {io.c_0, io.n_0, io.m_0}; }
    static constexpr T start[3] = {0, 0, -std::numeric_limits<T>::infinity()};

    int64_t time(int64_t step) const { return reverse ? call.T - 1 - step : step; }
    bool valid(int64_t t, int64_t b) const { return !lengths || t < lengths[b]; }
    // Whether the state is reset before step t. Backward in time, it is after the first step of
    // what follows.
    bool restarts(int64_t t, int64_t b) const {
        if (!resets) return false;
        const int64_t first = reverse ? t + 1 : t;
        return first < call.T && valid(first, b) && resets[first * B + b];
    }

    // Tensors, and what the forward pass keeps: gates and cells.
    static const Stored<T>* in(const void* p) { return static_cast<const Stored<T>*>(p); }
    static Stored<T>* out(void* p) { return static_cast<Stored<T>*>(p); }
    static T* kept(void* p) { return static_cast<T*>(p); }

    Stored<T>* output(int64_t t, int64_t b) const {
        return out(call.output) + (t * B + b) * output_stride + reverse * P;
    }
    const Stored<T>* x(int64_t t, int64_t b) const {
        return in(call.x) + t * call.x_time + b * call.x_batch;
    }
    // Vector j of the gradients of n sequences' outputs, from b on.
    template <int n = 1> VecBlock<T, n> d_output(int64_t t, int64_t b, int64_t j) const {
        VecBlock<T, n> d(0);
        if (!call.d_output) return d;
        const Stored<T>* const row = in(call.d_output) + t * call.d_output_time + reverse * P;
        for (int k = 0; k < n; k++) d.v[k] = load<T>(row + (b + k) * call.d_output_batch, j, P);
        return d;
    }
    // Vector j of n rows [H] without padding.
    template <class Number, int n>
    static void write(Number* row, int64_t stride, int64_t j, int64_t H, const VecBlock<T, n>& x) {
        for (int k = 0; k < n; k++) store<T>(row + k * stride, j, H, x.v[k]);
    }
    // The row of the step before, or null if (t, b) is a sequence's first.
    template <class Row> auto before(int64_t t, int64_t b, Row row) const {
        const int64_t earlier = reverse ? t + 1 : t - 1;
        const bool first = earlier < 0 || earlier >= call.T || !valid(earlier, b);
        return first ? nullptr : row(earlier, b);
    }
    const Stored<T>* h_before(int64_t t, int64_t b) const {
        if (restarts(t, b)) return zeros.data();
        const Stored<T>* row = before(t, b, [&](int64_t s, int64_t r) { return output(s, r); });
        return row ? row : in(io.h_0) + b * P;
    }
    // Vector j of the padded rows of n sequences before time t: of one slot of the gates, or of the
    // cell states. Before the first step, of a state [B, H]; after a reset, the start value.
    template <int n>
    VecBlock<T, n> before(
        int64_t t, int64_t b, int64_t j, void* rows, int64_t stride, int64_t slot,
        const void* first, T start_value
    ) const {
        const auto row = [&](int64_t s, int64_t r) {
            return kept(rows) + (s * B + r) * stride + slot * Hp + j * lanes<T>;
        };
        VecBlock<T, n> x;
        for (int k = 0; k < n; k++) {
            if (restarts(t, b + k)) {
                x.v[k] = Vec<T>{} + start_value;
                continue;
            }
            const T* const earlier = before(t, b + k, row);
            x.v[k] = earlier ? load<T>(earlier) : load<T>(in(first) + (b + k) * H, j, H);
        }
        return x;
    }

    // Calls f(Count<n>, b) for this thread's sequences that have step t, n of them at once from b
    // on, and skip(b) for the others.
    template <class F, class Skip>
    void over_sequences(int64_t t, const Share& share, const F& f, const Skip& skip) const {
        for (int64_t b = share.sequences.first; b < share.sequences.stop;) {
            int64_t n = 0;
            while (n < max_at_once && b + n < share.sequences.stop && valid(t, b + n)) n++;
            if (n == max_at_once) f(Count<max_at_once>{}, b);
            else
                for (int64_t k = 0; k < n; k++) f(Count<1>{}, b + k);
            if (n == 0) skip(b);
            b += std::max<int64_t>(n, 1);
        }
    }

    // Sets this thread's part of rows of states to their start values, where the state is reset
    // before step t: rows of h [B, width], and `cell_states` rows of cell states.
    void restart(
        int64_t t, const Share& share, T* h, int64_t width, T* c, const T (&values)[3]
    ) const {
        for (int64_t b : share.sequences) {
            if (!restarts(t, b)) continue;
            for (int64_t j : share.units.of(width / lanes<T>))
                store<T>(h + b * width + j * lanes<T>, Vec<T>{});
            for (int64_t k = 0; k < call.cell.cell_states; k++)
                for (int64_t j : share.units.of(J))
                    store<T>(c + b * cells_stride + k * Hp + j * lanes<T>, Vec<T>{} + values[k]);
        }
    }

    // This thread's columns of what is multiplied by a packed matrix.
    static Range columns(const Share& share, const Packed<T>& right) {
        constexpr int64_t n = panel_vectors * lanes<T>;
        const Range panels = share.units.of(right.panels());
        return {panels.first * n, std::min(panels.stop * n, right.vectors * lanes<T>)};
    }

    // This thread's part of a state [B, n], from memory without padding (null: zeros) or to it
    // (null: not needed). Its rows of `width` numbers lie `stride` apart.
    void read_state(
        const Share& share, const void* from, int64_t n, T* state, int64_t width, int64_t stride
    ) const {
        for (int64_t b : share.sequences)
            for (int64_t j : share.units.of(width / lanes<T>))
                store<T>(
                    state + b * stride + j * lanes<T>,
                    from ? load<T>(in(from) + b * n, j, n) : Vec<T>{}
                );
    }
    void write_state(
        const Share& share, const T* state, int64_t width, int64_t stride, void* to, int64_t n
    ) const {
        if (!to) return;
        for (int64_t b : share.sequences)
            for (int64_t j : share.units.of(width / lanes<T>))
                store<T>(out(to) + b * n, j, n, load<T>(state + b * stride + j * lanes<T>));
    }
};

}  // namespace ISA
