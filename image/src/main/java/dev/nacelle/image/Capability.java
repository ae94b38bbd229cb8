package dev.nacelle.image;

import java.util.Optional;

/**
 * One line for {@code doctor}.
 *
 * @param feature what was looked for
 * @param inUse the path taken
 * @param lost what the path costs against the best one; empty for the best one
 */
public record Capability(String feature, String inUse, Optional<String> lost) {}
