package dev.nacelle.kernel.lazy;

import java.time.Duration;

/**
 * What a reconnection did.
 *
 * @param found what became of the group
 * @param finished reads of a dead keeper whose fill ended and that were answered as they deserve
 * @param swept reads of a dead keeper that got EIO, because nobody could tell what they were
 * @param took from the call until readers were served again
 */
public record Recovery(PreContent.Origin found, int finished, int swept, Duration took) {}
