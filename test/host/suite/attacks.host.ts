// The attacks on secrets and addresses, each in a real editor and each with a test that fails when its guard is taken away
// (test/guards). Their numbers are those of the list that they were planned by.
import './attacks-planted.host.ts';
import './attacks-origins.host.ts';
import './attacks-addresses.host.ts';
import './attacks-faults.host.ts';
import './attacks-canaries.host.ts';
