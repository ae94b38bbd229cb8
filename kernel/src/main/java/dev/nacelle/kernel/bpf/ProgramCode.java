package dev.nacelle.kernel.bpf;

import java.util.Map;

/**
 * One program of an object file, not loaded yet.
 *
 * @param name the function
 * @param kind what it can be attached to, from its section
 * @param instructions 8 bytes each
 * @param mapReferences byte offset of a two-slot load instruction to the name of the map it wants
 * @param license whether helpers kept for GPL programs may be used depends on it
 */
public record ProgramCode(
    String name,
    ProgramKind kind,
    byte[] instructions,
    Map<Integer, String> mapReferences,
    String license) {}
