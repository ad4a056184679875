"""The member center: members, their logins, addresses, companies and verified email addresses."""
