# Included into llama-cpp-python's project before its own lines. The library of llama.cpp's command line
# tools, which it builds without need, takes half of the compiler's minutes; a plain variable wins over the
# cache entry that is forced on.
set(LLAMA_BUILD_COMMON OFF)
