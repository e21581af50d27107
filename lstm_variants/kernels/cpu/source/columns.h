// Columns of rows as left factors of products: for sums over the rows.
#pragma once

#include "product.h"

namespace ISA {

#if defined(MATRIX_UNITS)

// Rows [K, N] as terms, one column after the other: [column][place]. N is a number of whole vectors.
template <class T> class Columns {
    static constexpr int L = lanes<T>;
    T* const data;

  public:
    const int64_t stride;  // of what `from` returns
    static constexpr bool by_place = false;

    Columns(T* memory, int64_t K) : data(memory), stride(places_of<T>(K)) {}

    static int64_t size(int64_t K, int64_t N) { return places_of<T>(K) * N; }

    // The terms of a column, and of those after it.
    T* from(int64_t column) const { return data + column * stride; }

    // Some vectors of columns of the first `count` rows.
    void write(const T* rows, int64_t row_stride, int64_t count, Range vectors) const {
        for (int64_t j : vectors)
            for (int64_t place = 0; place < places_of<T>(count); place += L) {
                Vec<T> block[L];
                const auto read = [&](int64_t k) {
                    return k < count ? load<T>(rows + k * row_stride + j * L) : Vec<T>{};
                };
#pragma GCC unroll 16
                for (int n = 0; n < L; n++)
                    block[n] = join<T>(read(2 * (place + n)), read(2 * (place + n) + 1));  // two terms
                transpose<T>(block);
                for (int c = 0; c < L; c++) store<T>(from(j * L + c) + place, block[c]);
            }
    }
};

#else

// Rows [K, N] as terms, in groups of max_rows columns: [group][place][column]. N is a number of whole
// vectors and of groups.
template <class T> class Columns {
    static constexpr int L = lanes<T>, piece = std::min(L, max_rows);
    T* const data;
    const int64_t group_size;

  public:
    static constexpr int64_t stride = max_rows;  // of what `from` returns
    static constexpr bool by_place = true;

    Columns(T* memory, int64_t K) : data(memory), group_size(places_of<T>(K) * max_rows) {}

    static int64_t size(int64_t K, int64_t N) { return places_of<T>(K) * N; }

    // The terms of a column, and of those after it in its group, one place after the other.
    T* from(int64_t column) const {
        return data + column / max_rows * group_size + column % max_rows;
    }

    // Some vectors of columns of the first `count` rows.
    void write(const T* rows, int64_t row_stride, int64_t count, Range vectors) const {
        for (int64_t j : vectors)
            for (int64_t k = 0; k < count; k += terms<T>) {
                const T* const row = rows + k * row_stride + j * L;
                const bool both = k + 1 < count;
                const Vec<T> all = join<T>(load<T>(row), both ? load<T>(row + row_stride) : Vec<T>{});
                for (int c = 0; c < L; c += piece) {
                    T* const to = from(j * L + c) + k / terms<T> * max_rows;
                    std::memcpy(to, reinterpret_cast<const T*>(&all) + c, piece * sizeof(T));
                }
            }
    }
};

#endif

}  // namespace ISA
