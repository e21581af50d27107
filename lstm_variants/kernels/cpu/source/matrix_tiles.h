// Products with a packed matrix in the matrix units (AMX): of tiles, 16 rows of 64 bytes, which are 16
// sums or 16 pairs of terms.
#pragma once

#include "packed.h"

namespace ISA {

constexpr int tile_rows = 16, tile_width = 16;

#if defined(SIMULATED_TILES)
// What the instructions do, also in the order of sums: for sanitizers, and for processors without matrix
// units.
struct Tiles {
    inline static thread_local float tile[8][tile_rows][tile_width];
    inline static thread_local int rows_of[8];

    static void configure(const int (&rows)[8]) { std::copy_n(rows, 8, rows_of); }
    static void release() {}
    template <int n> static void load(const float* from, int64_t stride) {
        for (int r = 0; r < rows_of[n]; r++) std::copy_n(from + r * stride, tile_width, tile[n][r]);
    }
    template <int n> static void load_once(const float* from, int64_t stride) {
        load<n>(from, stride);
    }
    template <int n> static void store(float* to, int64_t stride) {
        for (int r = 0; r < rows_of[n]; r++) std::copy_n(tile[n][r], tile_width, to + r * stride);
    }
    template <int sum, int a, int b> static void add_product() {
        for (int r = 0; r < rows_of[sum]; r++) {
            Vec<float> of_first{}, of_second{};  // of each pair
            for (int k = 0; k < tile_width; k++) {
                const Vec<float> factor = all_terms<float>(&tile[a][r][k]);
                const Vec<float> weight = ISA::load<float>(tile[b][k]);
                of_first += first_of(factor) * first_of(weight);
                of_second += second_of(factor) * second_of(weight);
            }
            const Vec<float> before = ISA::load<float>(tile[sum][r]);
            ISA::store<float>(tile[sum][r], before + (of_first + of_second));
        }
    }

  private:
    static Vec<float> first_of(Vec<float> pairs) {
        return (Vec<float>)_mm512_slli_epi32((__m512i)pairs, 16);
    }
    static Vec<float> second_of(Vec<float> pairs) {
        return (Vec<float>)_mm512_and_si512((__m512i)pairs, _mm512_set1_epi32(-65536));
    }
};
#else
// As assembly, since the compiler's functions declare no memory dependency.
struct Tiles {
    // How many rows each tile has.
    static void configure(const int (&rows)[8]) {
        struct alignas(64) {
            uint8_t palette = 1, start_row = 0, reserved[14] = {};
            uint16_t bytes_of_row[16] = {};
            uint8_t rows[16] = {};
        } configuration;
        for (int n = 0; n < 8; n++)
            if (rows[n]) {
                configuration.bytes_of_row[n] = 64;
                configuration.rows[n] = uint8_t(rows[n]);
            }
        asm volatile("ldtilecfg %0" : : "m"(configuration));
    }
    static void release() { asm volatile("tilerelease"); }
    // Rows at a distance, in numbers.
    template <int n> static void load(const float* from, int64_t stride) {
        asm volatile("tileloadd (%0,%1,1), %%tmm%c2"
                     : : "r"(from), "r"(4 * stride), "i"(n) : "memory");
    }
    // The same of what need not stay in the first-level cache.
    template <int n> static void load_once(const float* from, int64_t stride) {
        asm volatile("tileloaddt1 (%0,%1,1), %%tmm%c2"
                     : : "r"(from), "r"(4 * stride), "i"(n) : "memory");
    }
    template <int n> static void store(float* to, int64_t stride) {
        asm volatile("tilestored %%tmm%c2, (%0,%1,1)"
                     : : "r"(to), "r"(4 * stride), "i"(n) : "memory");
    }
    template <int sum, int a, int b> static void add_product() {
        asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(sum), "i"(a), "i"(b));
    }
};
#endif

// out[rows][columns] += left[rows][places] panel[places][columns], for one or two tiles of rows and of
// columns. Tiles 0 to 3 are the sums, 4 and 5 are of `left`, 6 and 7 of the panel.
template <bool second_rows, bool second_columns>
void multiply_tiles(
    const float* left, int64_t left_stride, const float* panel, int64_t places, float* out,
    int64_t out_stride
) {
    constexpr int64_t width = second_columns ? 2 * tile_width : tile_width;
    const float* const left_2 = left + tile_rows * left_stride;
    float* const out_2 = out + tile_rows * out_stride;
    Tiles::load<0>(out, out_stride);
    if (second_columns) Tiles::load<1>(out + tile_width, out_stride);
    if (second_rows) Tiles::load<2>(out_2, out_stride);
    if (second_rows && second_columns) Tiles::load<3>(out_2 + tile_width, out_stride);
    for (int64_t k = 0; k < places; k += tile_width) {
        Tiles::load<4>(left + k, left_stride);
        Tiles::load_once<6>(panel + k * width, width);
        Tiles::add_product<0, 4, 6>();
        if (second_columns) {
            Tiles::load_once<7>(panel + k * width + tile_width, width);
            Tiles::add_product<1, 4, 7>();
        }
        if (second_rows) {
            Tiles::load<5>(left_2 + k, left_stride);
            Tiles::add_product<2, 5, 6>();
            if (second_columns) Tiles::add_product<3, 5, 7>();
        }
    }
    Tiles::store<0>(out, out_stride);
    if (second_columns) Tiles::store<1>(out + tile_width, out_stride);
    if (second_rows) Tiles::store<2>(out_2, out_stride);
    if (second_rows && second_columns) Tiles::store<3>(out_2 + tile_width, out_stride);
}

constexpr auto multiply_tiles_of(bool second_rows, bool second_columns) {
    if (second_rows) return second_columns ? multiply_tiles<true, true> : multiply_tiles<true, false>;
    return second_columns ? multiply_tiles<false, true> : multiply_tiles<false, false>;
}

// Tiles for n rows, up to max_rows of them.
inline void configure_tiles(int64_t n) {
    const int first = std::min(int(n), tile_rows), second = int(n) - first;
    Tiles::configure({first, first, second, second, first, second, tile_rows, tile_rows});
}

// So many rows stay in a cache, the first-level one up to K = 380 or so, while panels pass by.
constexpr int64_t rows_at_once = 2 * max_rows;

// Rows of out [B, N] += left times some places of some panels of a packed matrix. The last panel
// comes first if `backwards`. `left` begins with the first of these rows and places.
template <class T, bool by_place>
void multiply_add_places(
    const T* left, int64_t left_stride, const Packed<T>& right, Range places, T* out,
    int64_t out_stride, Range rows, Range panels, bool backwards
) {
    static_assert(!by_place);
    int64_t configured = 0;  // as seldom as possible: it waits for all instructions on tiles
    for (int64_t row = rows.first, size; row < rows.stop; row += size) {
        size = std::min(rows_at_once, rows.stop - row);
        if (size > max_rows && size < rows_at_once) size = max_rows;
        const int64_t n = std::min<int64_t>(size, max_rows);
        if (n != configured) configure_tiles(configured = n);
        for (int64_t turn : panels) {
            const int64_t p = backwards ? panels.first + panels.stop - 1 - turn : turn;
            const int64_t width = right.width(p);
            const auto multiply = multiply_tiles_of(n > tile_rows, width > 1);
            for (int64_t r = row; r < row + size; r += n)
                multiply(
                    left + (r - rows.first) * left_stride, left_stride,
                    right.panel(p) + places.first * width * lanes<T>, places.size(),
                    out + r * out_stride + p * panel_vectors * lanes<T>, out_stride
                );
        }
    }
    Tiles::release();
}

}  // namespace ISA
