package dev.nacelle.kernel.lazy;

import java.time.Duration;

/**
 * What a reconnection did.
 *
 * @param found what became of the group
 * @param continued reads of a dead keeper that the new one goes on with
 * @param failed reads of a dead keeper that got EIO, because it died before it wrote them down
 * @param took from the call until readers were served again
 */
public record Recovery(PreContent.Origin found, int continued, int failed, Duration took) {}
