/** The operation that both explorers open with; the demo data of `parley seed` answers it. */
export const exampleOperation = `# Who am I, and what was said last?
query LatestConversations {
  viewer {
    displayName
    memberships {
      role
      tenant {
        name
      }
    }
  }
  conversations(first: 5) {
    totalCount
    nodes {
      title
      messageCount
      lastMessage {
        content
        createdAt
        author {
          displayName
        }
      }
    }
  }
}
`;

/** The headers that run an operation with this token; none without one. */
export function bearerHeaders(token: string | null): Record<string, string> {
  return token === null ? {} : { authorization: `Bearer ${token}` };
}
