import { Strategy } from 'passport-local';

/** Somebody who can log in. */
export interface User {
  id: number;
  name: string;
  password: string;
  /** Goes up with each "log out everywhere". */
  generation: number;
}

/** What a session remembers of a user. */
export type Identity = Pick<User, 'id' | 'generation'>;

// A real application has a database, and keeps hashes of passwords.
const users: User[] = [
  { id: 1, name: 'ada', password: 'lovelace', generation: 0 },
  { id: 2, name: 'charles', password: 'babbage', generation: 0 },
];

/** The user that a session belongs to, unless that user has logged out everywhere since. */
export function findUser(identity: Identity | undefined): User | undefined {
  return users.find(
    ({ id, generation }) => id === identity?.id && generation === identity.generation,
  );
}

export const logInByPassword = new Strategy({ usernameField: 'name' }, (name, password, done) => {
  done(null, users.find((user) => user.name === name && user.password === password) ?? false);
});
