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
#include "rows.h"
#include "threads.h"
#include "zoneout.h"

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
    const Rows& rows;
    const Direction& io;
    const bool reverse;
    const int64_t B = call.B, H = call.H, P = call.P, Hp = call.padded;
    const int64_t whole = 64 / sizeof(T), Pp = (P + whole - 1) / whole * whole;
    const int64_t J = Hp / lanes<T>;  // vectors of hidden units
    // Rows of gates lie a little apart: at a distance of a power of two, they would share the same few
    // places of the caches.
    const int64_t gates_width = call.cell.slots * Hp, gates_stride = gates_width + whole;
    const Zoneout<T> h_zoneout{rows, io.h_mask, call.h_share, P};
    const Zoneout<T> c_zoneout{rows, io.c_mask, call.c_share, H};
    // With zoneout, the last place has the c that the step computed.
    const int64_t cells_stride = (call.cell.cell_states + c_zoneout.is_used()) * Hp;
    const int64_t output_stride = call.directions * P;
    const bool projects = io.weight_hr != nullptr;
    const uint8_t* const resets = static_cast<const uint8_t*>(call.resets);
    const std::vector<Stored<T>> zeros = std::vector<Stored<T>>(resets ? P : 0);  // h after a reset
    Scratch<T> scratch;

    Sequence(const Call& c, const Rows& rows, int direction)
        : call(c), rows(rows), io(c.direction[direction]), reverse(direction == 1) {}

    // The cell states before the first step; and after a reset, where all other states are 0.
    std::array<const void*, 3> first_states() const { return {io.c_0, io.n_0, io.m_0}; }
    static constexpr T start[3] = {0, 0, -std::numeric_limits<T>::infinity()};

    bool valid(int64_t t, int64_t b) const { return b < rows.count(t); }
    int64_t time_before(int64_t t) const { return reverse ? t + 1 : t - 1; }
    // Whether the state is reset before step t. Backward in time, it is after the first step of
    // what follows.
    bool restarts(int64_t t, int64_t b) const {
        if (!resets) return false;
        const int64_t first = reverse ? t + 1 : t;
        return valid(first, b) && resets[rows.place(first, b)];
    }

    // Tensors, and what the forward pass keeps: gates and cells.
    static const Stored<T>* in(const void* p) { return static_cast<const Stored<T>*>(p); }
    static Stored<T>* out(void* p) { return static_cast<Stored<T>*>(p); }
    static T* kept(void* p) { return static_cast<T*>(p); }

    Stored<T>* output(int64_t t, int64_t b) const {
        return out(call.output) + rows.place(t, b) * output_stride + reverse * P;
    }
    const Stored<T>* x(int64_t t, int64_t b) const {
        return in(call.x) + rows.place(t, b, call.x_time, call.x_batch);
    }
    // Vector j of the gradients of n sequences' outputs, from b on.
    template <int n = 1> VecBlock<T, n> d_output(int64_t t, int64_t b, int64_t j) const {
        VecBlock<T, n> d(0);
        if (!call.d_output) return d;
        const int64_t batch = call.d_output_batch;
        const int64_t place = rows.place_of_step(t, call.d_output_time, batch) + reverse * P;
        const Stored<T>* const row = in(call.d_output) + place;
        for (int k = 0; k < n; k++) d.v[k] = load<T>(row + rows.sequence(b + k) * batch, j, P);
        return d;
    }
    // One number of each of n rows of gates, from that of the first row on.
    template <int n> FORCED VecBlock<T, n> numbers_of_rows(const T* first) const {
        VecBlock<T, n> x;
        for (int k = 0; k < n; k++) x.v[k] = all<T>(first[k * gates_stride]);
        return x;
    }
    // Vector j of n rows [H] without padding.
    template <class Number, int n>
    static void write(Number* row, int64_t stride, int64_t j, int64_t H, const VecBlock<T, n>& x) {
        for (int k = 0; k < n; k++) store<T>(row + k * stride, j, H, x.v[k]);
    }
    // Vector j of the outputs of n sequences, from b on.
    template <int n>
    void write_output(int64_t t, int64_t b, int64_t j, const VecBlock<T, n>& h) const {
        if (rows.are_in_order()) return write(output(t, b), output_stride, j, P, h);
        for (int k = 0; k < n; k++) store<T>(output(t, b + k), j, P, h.v[k]);
    }
    // Where sequences have ended, rows of n numbers of a tensor [T, B, ...] are zeros.
    template <class Number>
    void clear_padding(const Part& team, Number* tensor, int64_t n, int64_t stride) const {
        if (!rows.have_padding()) return;
        for (int64_t t : team.of(call.T))
            for (int64_t b = rows.count(t); b < B; b++)
                std::fill_n(tensor + rows.place(t, b) * stride, n, Number(0));
    }
    // The row of the step before, or null if (t, b) is a sequence's first.
    template <class Row> auto before(int64_t t, int64_t b, Row row) const {
        const int64_t earlier = time_before(t);
        return valid(earlier, b) ? row(earlier, b) : nullptr;
    }
    const Stored<T>* h_before(int64_t t, int64_t b) const {
        if (restarts(t, b)) return zeros.data();
        const Stored<T>* row = before(t, b, [&](int64_t s, int64_t r) { return output(s, r); });
        return row ? row : in(io.h_0) + rows.sequence(b) * P;
    }
    // Vector j of the padded rows of n sequences before time t: of one slot of the gates, or of the
    // cell states. Before the first step, of a state [B, H]; after a reset, the start value.
    template <int n>
    VecBlock<T, n> before(
        int64_t t, int64_t b, int64_t j, void* saved, int64_t stride, int64_t slot,
        const void* first, T start_value
    ) const {
        const auto row = [&](int64_t s, int64_t r) {
            return kept(saved) + (rows.start(s) + r) * stride + slot * Hp + j * lanes<T>;
        };
        const int64_t time = time_before(t);
        if (!resets && valid(time, b + n - 1)) return {row(time, b), stride};  // all have one
        VecBlock<T, n> x;
        for (int k = 0; k < n; k++) {
            if (restarts(t, b + k)) {
                x.v[k] = Vec<T>{} + start_value;
                continue;
            }
            const T* const earlier = before(t, b + k, row);
            const auto* const given = in(first) + rows.sequence(b + k) * H;
            x.v[k] = earlier ? load<T>(earlier) : load<T>(given, j, H);
        }
        return x;
    }

    // Calls f(Count<n>, b) for this thread's sequences, n of them at once from b on.
    template <class F> static void over_sequences(const Share& share, const F& f) {
        int64_t b = share.sequences.first;
        for (; b + max_at_once <= share.sequences.stop; b += max_at_once) f(Count<max_at_once>{}, b);
        for (; b < share.sequences.stop; b++) f(Count<1>{}, b);
    }

    // Calls f(b) for some rows as a whole, which threads that divide units divide too.
    template <class F> static void over_rows(const Share& share, Range rows, const F& f) {
        for (int64_t k : share.units.of(rows.size())) f(rows.first + k);
        share.wait_for_units();
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
                    from ? load<T>(in(from) + rows.sequence(b) * n, j, n) : Vec<T>{}
                );
    }
    void write_state(
        const Share& share, const T* state, int64_t width, int64_t stride, void* to, int64_t n
    ) const {
        if (!to) return;
        for (int64_t b : share.sequences)
            for (int64_t j : share.units.of(width / lanes<T>))
                store<T>(
                    out(to) + rows.sequence(b) * n, j, n,
                    load<T>(state + b * stride + j * lanes<T>)
                );
    }
};

}  // namespace ISA
