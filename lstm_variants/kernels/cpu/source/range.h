// Whole numbers from one to before another.
#pragma once

#include <cstdint>

namespace ISA {

struct Range {
    int64_t first, stop;

    struct Iterator {
        int64_t i;
        int64_t operator*() const { return i; }
        void operator++() { i++; }
        bool operator!=(Iterator other) const { return i < other.i; }
    };
    Iterator begin() const { return {first}; }
    Iterator end() const { return {stop}; }
    int64_t size() const { return stop - first; }
};

}  // namespace ISA
